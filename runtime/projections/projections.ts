import type { CpuPool } from '../cpu/pool.ts';
import type { HoldfastErrorCode } from '../errors/codes.ts';
import { holdfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import { nearestName } from '../errors/nearest-name.ts';
import { definitionPool } from '../hosts/definition-pool.ts';
import type { PageQuery, Progress } from '../ports/event-store-backend.ts';
import { decode } from '../protocol/codec.ts';
import type { ProjectionSummary } from '../protocol/projection.ts';
import type { QueryValues } from '../protocol/reader-control.ts';
import type { ReaderClient } from '../threads/reader-client.ts';
import { threadsByDefault } from '../threads/threads-by-default.ts';
import { holdProcess } from '../waiting/hold-process.ts';
import { orAborted } from '../waiting/or-aborted.ts';
import type { AnyProjectionDefinition, ProjectionDefinition } from './define-projection.ts';
import { codedTrouble, LaneClient, LaneLost, type LaneOptions } from './lane-client.ts';
import { type LiveRows, liveQuery } from './live-query.ts';
import { LogHead } from './log-head.ts';
import type { ProjectionsHealth } from './projection-health.ts';
import type { LiveOptions, QueryOptions } from './projection-options.ts';
import { ProjectionTrack, type TrackPorts } from './projection-track.ts';

interface Builders {
  readonly lanes: readonly LaneClient[];
  readonly pool: CpuPool;
}

/** All projections of a runtime: one lane for the events as they come, a track for each. */
export class Projections {
  readonly #options: LaneOptions;
  readonly #head = new LogHead();
  readonly #tracks = new Map<string, ProjectionTrack>();
  readonly #listeners = new Set<(changed: ProjectionSummary) => void>();
  readonly #closing = new AbortController();
  #lane: LaneClient | undefined;
  #starting: LaneClient | undefined;
  #loneLane: LaneClient | undefined;
  /** Resolves when nobody has a lane alone. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Long builds that are under way, and the lanes that they share: threads are as many as processors, however many builds. */
  #builds = 0;
  #builders: Builders | undefined;
  /** Lanes of builds that are being ended. */
  readonly #ending = new Set<Promise<void>>();
  #started: Promise<void> | undefined;
  #failure: HoldfastErrorCode | null = null;
  #isClosed = false;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Loads the modules and follows the log with every projection that they export. Idempotent. */
  start(): Promise<void> {
    this.#started ??= this.#start().then(
      () => {
        this.#failure = null;
      },
      (error: unknown) => {
        // The next call tries again.
        this.#started = undefined;
        this.#failure = isHoldfastError(error) ? error.code : 'HOLDFAST_ERR_THREAD_START';
        throw error;
      },
    );
    return this.#started;
  }

  health(): ProjectionsHealth {
    const projections = [...this.#tracks.values()].map((track) => track.health());
    return { projections, projectionsFailure: this.#failure };
  }

  async query(
    definition: AnyProjectionDefinition,
    sql: string,
    values: QueryValues,
    { after = 0, signal }: QueryOptions,
  ): Promise<Record<string, unknown>[]> {
    return this.#asServed(definition, { after, signal }, (reader, generation) =>
      reader.query(definition.name, generation, sql, values, signal),
    );
  }

  /** The state of a folded projection; `undefined` where no event has changed it. */
  async state<State>(
    definition: ProjectionDefinition<State>,
    partition: string,
    { after = 0, signal }: QueryOptions,
  ): Promise<State | undefined> {
    const { state } = await this.#asServed(definition, { after, signal }, async (reader, generation) => {
      const found = await reader.request('servedState', definition.name, generation, partition);
      return found === 'moved' ? found : { state: found };
    });
    return state === undefined ? undefined : (decode(state) as State);
  }

  /** Reads from the generation that is known to have the events up to a position; another one is looked at first. */
  async #asServed<Found>(
    definition: AnyProjectionDefinition,
    { after, signal }: { readonly after: number; readonly signal: AbortSignal | undefined },
    read: (reader: ReaderClient, generation: number) => Promise<Found | 'moved'>,
  ): Promise<Found> {
    return this.#waited(async () => {
      const track = await this.trackOf(definition);
      for (;;) {
        await track.reached(after, signal);
        const generation = track.serving?.generation ?? 0;
        const found = await read(await this.#options.backend.reader('queries'), generation);
        if (found !== 'moved') return found;
        track.refresh();
        await track.until(() => track.serving?.generation !== generation, signal);
      }
    }, signal);
  }

  /** Builds a projection anew. Yields how far that is, and ends when the new one is served. */
  async *rebuild(
    definition: AnyProjectionDefinition,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Progress, void, void> {
    const track = await this.#waited(() => this.trackOf(definition), signal);
    const generation = await this.#waited(() => track.rebuild(), signal);
    const isDone = (): boolean => (track.serving?.generation ?? -1) >= generation;
    for (let told = -1; !isDone(); ) {
      const now = (): number => track.health().building ?? -1;
      await this.#waited(() => track.until(() => isDone() || now() > told, signal), signal);
      if (isDone()) break;
      told = now();
      yield { done: told, total: Math.max(told, this.#head.position) };
    }
    const done = track.serving?.position ?? 0;
    yield { done, total: Math.max(done, this.#head.position) };
  }

  /** The rows of a query whenever they change. Ends on abort and on close, without an error. */
  async *live(
    definition: AnyProjectionDefinition,
    sql: string,
    values: QueryValues,
    { key, after = 0 }: LiveOptions,
    signal: AbortSignal,
  ): AsyncGenerator<LiveRows<Record<string, unknown>>, void, void> {
    const stop = AbortSignal.any([signal, this.#closing.signal]);
    const { thread } = this.#options.backend.store();
    thread.hold();
    try {
      yield* liveQuery(sql, definition.name, key, stop, {
        run: () => this.query(definition, sql, values, { after, signal: stop }),
        onChanged: (listener) => this.onChanged(listener),
      });
    } catch (error) {
      if (!stop.aborted) throw error;
    } finally {
      thread.release();
    }
  }

  /** Calls the listener when queries may see something else. Returns how to stop. */
  onChanged(listener: (changed: ProjectionSummary) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @throws HOLDFAST_ERR_PROJECTION_UNKNOWN, HOLDFAST_ERR_MODULE_LOAD. */
  async trackOf({ name }: AnyProjectionDefinition): Promise<ProjectionTrack> {
    await this.start();
    const track = this.#tracks.get(name);
    if (track === undefined) throw unknown(name, [...this.#tracks.keys()]);
    return track;
  }

  /** What is under way is dropped: it is done again from the last checkpoint. Keeps the process alive until it is done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closing.abort();
    for (const track of this.#tracks.values()) track.close();
    this.#head.close();
    const letGo = holdProcess();
    try {
      // Modules that are still being imported are not waited for.
      await this.#starting?.close();
      await this.#started?.catch(() => undefined);
      await Promise.all([this.#lane?.close(), this.#loneLane?.close()]);
      await Promise.allSettled([...this.#tracks.values()].map((track) => track.ended));
      await Promise.allSettled(this.#ending);
    } finally {
      letGo();
    }
  }

  async #start(): Promise<void> {
    const lane = new LaneClient(this.#options);
    this.#starting = lane;
    try {
      const onServed = (generations: readonly number[]): void => {
        for (const track of this.#tracks.values()) track.noticeServed(generations);
      };
      const watching = this.#head.watch(this.#options.backend.store(), onServed);
      const [summaries] = await Promise.all([lane.loaded, watching]);
      if (this.#isClosed || summaries.length === 0) return await lane.close();
      this.#lane = lane;
      for (const summary of summaries) this.#tracks.set(summary.name, this.#track(summary));
    } catch (error) {
      await lane.close();
      if (this.#isClosed) throw holdfastError('HOLDFAST_ERR_CLOSED', 'The runtime is closed.');
      throw codedTrouble(error);
    }
  }

  #track(summary: ProjectionSummary): ProjectionTrack {
    const { backend } = this.#options;
    const control = () => backend.store().thread.control;
    const ports: TrackPorts = {
      open: (given, again) => control().call('openProjection', [given, again]),
      apply: (batch) =>
        control().call('applyProjection', [batch], {
          transfer: batch.effects === null ? [] : [batch.effects.buffer],
        }),
      lane: () => this.#liveLane(),
      alone: (work) => this.#alone(work),
      buildLanes: () => this.#buildLanes(),
      head: () => this.#head.position,
      grownBeyond: (position, stop) => this.#head.beyond(position, stop),
      locate: async (position) => {
        const at: PageQuery = { after: position - 1, limit: 1, direction: 'forward' };
        const { stream = '', version = 0, type = '' } = (await backend.readLog(at))[0] ?? {};
        return { stream, version, type };
      },
      onChanged: () => {
        for (const listener of this.#listeners) listener(summary);
      },
    };
    return new ProjectionTrack(summary, ports);
  }

  #liveLane(): LaneClient {
    if (this.#lane === undefined || (this.#lane.isLost && !this.#isClosed)) {
      this.#lane = new LaneClient(this.#options);
    }
    return this.#lane;
  }

  #alone<Result>(work: (lane: LaneClient) => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(async () => {
      if (this.#isClosed) throw new LaneLost('The runtime is closed.');
      const lane = new LaneClient(this.#options, { isTrial: true });
      this.#loneLane = lane;
      try {
        return await work(lane);
      } finally {
        await lane.close();
      }
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #buildLanes(): { lanes: readonly LaneClient[]; done: () => void } {
    const { backend, modules, memoryMb } = this.#options;
    const threads = threadsByDefault();
    if (this.#builds++ === 0) {
      const pool = definitionPool(threads, { modules, memoryMb, workerUrl: backend.workerUrl });
      const lanes = Array.from({ length: threads }, () => new LaneClient(this.#options, { pool }));
      this.#builders = { lanes, pool };
    }
    const { lanes, pool } = this.#builders as Builders;
    const done = (): void => {
      if (--this.#builds > 0) return;
      const ending = Promise.all(lanes.map((lane) => lane.close())).then(() => pool.destroy());
      this.#ending.add(ending);
      void ending.finally(() => this.#ending.delete(ending));
    };
    return { lanes, done };
  }

  /** Keeps the process alive while somebody waits, and gives up on abort. */
  async #waited<Result>(wait: () => Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
    signal?.throwIfAborted();
    const { thread } = this.#options.backend.store();
    thread.hold();
    try {
      return await orAborted(wait(), signal);
    } finally {
      thread.release();
    }
  }
}

function unknown(name: string, known: readonly string[]): Error {
  const near = nearestName(name, known);
  const hint = near === undefined ? `They export ${known.join(', ') || 'none'}.` : `Did you mean "${near}"?`;
  return holdfastError(
    'HOLDFAST_ERR_PROJECTION_UNKNOWN',
    `No module given to the runtime exports the projection "${name}". ${hint} Add the URL of its module to \`modules\`.`,
    { projection: name },
  );
}
