import { holdfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import { fromWireError, toWireError } from '../errors/wire-error.ts';
import { projectionSkipped, projectionStopped } from '../observability/channels.ts';
import { limits } from '../protocol/limits.ts';
import type {
  Generation,
  LaneOutcome,
  ProjectionApplied,
  ProjectionBatch,
  ProjectionFailure,
  ProjectionStanding,
  ProjectionSummary,
} from '../protocol/projection.ts';
import { pause } from '../waiting/pause.ts';
import { codedTrouble, type LaneClient } from './lane-client.ts';
import { isDamage, isFinal, stopped } from './projection-errors.ts';
import type { ProjectionHealth, ProjectionState } from './projection-health.ts';
import { type Alone, RangeComputer } from './range-computer.ts';
import { type FeedEnd, type FeedPorts, feed } from './range-feed.ts';

const retryMsMin = 50;
const retryMsMax = 5_000;
/**
 * After so long, whoever waits is told what keeps the projection, which goes on trying. A try may take as long as a lock is
 * waited for.
 */
const tellAfterMs = 1_500;
/** From so many events on, a build computes on all processors. */
const parallelFrom = 8 * limits.projectionEventsMax;

/** What a track needs from around it. */
export interface TrackPorts {
  open(summary: ProjectionSummary, again: boolean): Promise<ProjectionStanding>;
  apply(batch: ProjectionBatch): Promise<ProjectionApplied>;
  /** A lane for the events as they come, shared by all projections. */
  lane(): LaneClient;
  /** A lane for one projection at a time, whose end is nobody else's fault. */
  readonly alone: Alone;
  /** Lanes of a build that has much to do; `done` ends them. */
  buildLanes(): { readonly lanes: readonly LaneClient[]; done(): void };
  head(): number;
  grownBeyond(position: number, stop: AbortSignal): Promise<void>;
  /** Where an event is, of which only the position is known. */
  locate(position: number): Promise<Pick<ProjectionFailure, 'stream' | 'version' | 'type'>>;
  /** Told when queries may see something else. */
  onChanged(): void;
}

/** Follows the log with one projection: builds it when its version is new, keeps it current, stops where it fails. */
export class ProjectionTrack {
  readonly summary: ProjectionSummary;
  /** Resolves when it follows nothing any more, after `close`. */
  readonly ended: Promise<void>;
  readonly #ports: TrackPorts;
  readonly #computer: RangeComputer;
  readonly #closing = new AbortController();
  #state: ProjectionState = 'starting';
  #serving: Generation | null = null;
  #building: Generation | null = null;
  #failure: ProjectionFailure | undefined;
  #refusal: Error | undefined;
  /** Since when it does not get on. */
  #troubledAt: number | undefined;
  #skipped = 0;
  #again: PromiseWithResolvers<number> | undefined;
  #round = new AbortController();
  #rounds = 0;
  #waiters = new Set<(trouble?: unknown) => void>();

  constructor(summary: ProjectionSummary, ports: TrackPorts) {
    this.summary = summary;
    this.#ports = ports;
    this.#computer = new RangeComputer(ports.alone);
    this.ended = this.#run();
  }

  /** What queries see; `null` until the first build is complete. */
  get serving(): Generation | null {
    return this.#serving;
  }

  health(): ProjectionHealth {
    const { name, version } = this.summary;
    const position = this.#serving?.position ?? null;
    return {
      name,
      version,
      state: this.#state,
      position,
      building: this.#building?.position ?? null,
      lag: Math.max(0, this.#ports.head() - (position ?? 0)),
      skipped: this.#skipped,
      failure: this.#problem(),
    };
  }

  /**
   * Resolves when queries see the event at a position.
   *
   * @throws what refused or stopped the projection, if that has to happen first; HOLDFAST_ERR_CLOSED.
   */
  reached(position: number, signal?: AbortSignal): Promise<void> {
    return this.until(() => (this.#serving?.position ?? -1) >= position, signal);
  }

  /** Resolves when a condition holds. Looked at whenever the track has moved. */
  until(holds: () => boolean, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        this.#waiters.delete(look);
        signal?.removeEventListener('abort', onAbort);
        finish();
      };
      const onAbort = (): void => settle(() => reject(signal?.reason));
      const look = (trouble?: unknown): void => {
        if (holds()) return settle(resolve);
        const hindrance = this.#hindrance() ?? trouble;
        if (hindrance !== undefined) settle(() => reject(hindrance));
      };
      if (signal?.aborted) return reject(signal.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(look);
      look();
    });
  }

  /**
   * Builds the projection anew; one that was stopped tries again. Resolves with the generation that will be served.
   *
   * @throws what refuses the projection.
   */
  rebuild(): Promise<number> {
    this.#again ??= Promise.withResolvers<number>();
    this.#computer.reset();
    this.#tryAgain();
    this.#round.abort();
    return this.#again.promise;
  }

  /** Looks again what is served: another process may have put something else in its place. */
  refresh(): void {
    this.#round.abort();
  }

  /** Looks again if what it serves is not among the generations that are served, or if it serves nothing and was stopped. */
  noticeServed(generations: readonly number[]): void {
    const served = this.#serving?.generation;
    const isDue = served === undefined ? this.#hindrance() !== undefined : !generations.includes(served);
    if (isDue) this.refresh();
  }

  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#giveUp(holdfastError('HOLDFAST_ERR_CLOSED', 'The runtime is closed.'));
    this.#setState('closed');
    this.#round.abort();
  }

  async #run(): Promise<void> {
    let retryMs = retryMsMin;
    while (!this.#closing.signal.aborted) {
      this.#round = new AbortController();
      this.#rounds++;
      // Another process may have built past what stopped it here.
      if (this.#hindrance() !== undefined && !isDamage(this.#refusal)) this.#tryAgain();
      const again = this.#again;
      try {
        const standing = await this.#ports.open(this.summary, again !== undefined);
        if (this.#refusal !== undefined) this.#tryAgain();
        if (again !== undefined && again === this.#again) this.#again = undefined;
        again?.resolve(standing.building?.generation ?? standing.serving?.generation ?? 0);
        const isContested = again === undefined && this.#isThrownAway(standing);
        if (isContested) {
          await pause(retryMs, this.#round.signal);
          retryMs = Math.min(retryMs * 2, retryMsMax);
        }
        await this.#follow(standing);
        if (!isContested) retryMs = retryMsMin;
        this.#troubledAt = undefined;
      } catch (error) {
        // The round is over with its error; what is waited for now ends when another one is asked for.
        if (!this.#closing.signal.aborted) this.#round = new AbortController();
        // A rebuild alone may be refused, of what is served and followed all the same.
        if (isFinal(error) && again !== undefined && again === this.#again) this.#giveUp(error as Error);
        else if (isFinal(error)) this.#refuse(error as Error);
        else {
          this.#tell(codedTrouble(error), again);
          await pause(retryMs, this.#round.signal);
        }
        retryMs = Math.min(retryMs * 2, retryMsMax);
      }
      if (this.#failure === undefined && this.#refusal === undefined) continue;
      await pause(isDamage(this.#refusal) ? retryMsMax : Number.POSITIVE_INFINITY, this.#round.signal);
    }
  }

  /** Whether what was being built is being built anew: another application may throw away this one's build in its turn. */
  #isThrownAway({ building }: ProjectionStanding): boolean {
    return building !== null && (this.#building ?? building).generation !== building.generation;
  }

  /** Feeds what there is, until somebody else has gone on with it or this round is over. */
  async #follow({ serving, building }: ProjectionStanding): Promise<void> {
    const before = this.#serving;
    this.#serving = serving;
    this.#building = building;
    // Another process may have gone on with it, or built it anew.
    const isSame = serving?.generation === before?.generation && serving?.position === before?.position;
    if (before !== null && !isSame) this.#ports.onChanged();
    this.#setState(building === null ? 'current' : 'building');
    const feeds: Promise<FeedEnd>[] = [];
    const isCurrent = serving !== null && serving.version === this.summary.version;
    if (isCurrent) feeds.push(this.#feed(serving, false, 1, (...range) => this.#compute(serving, range)));
    if (building !== null) feeds.push(this.#build(building));
    try {
      const first = await Promise.race(feeds);
      if (first.end === 'stopped') await this.#stopAt(first);
    } finally {
      // Whatever ended first, the round is over for the other as well.
      if (this.#failure === undefined) this.#round.abort();
      await Promise.allSettled(feeds);
    }
  }

  async #build(building: Generation): Promise<FeedEnd> {
    const isLong = this.#ports.head() - building.position > parallelFrom;
    if (!isLong || this.summary.tables === null) {
      return this.#feed(building, true, 1, (...range) => this.#compute(building, range));
    }
    const { lanes, done } = this.#ports.buildLanes();
    try {
      let turn = 0;
      return await this.#feed(building, true, lanes.length * 2, async (...range) => {
        const lane = lanes[turn++ % lanes.length] as LaneClient;
        return lane.isLost ? this.#compute(building, range) : this.#compute(building, range, lane);
      });
    } finally {
      done();
    }
  }

  #feed(
    { generation, position }: Generation,
    isBuilding: boolean,
    ahead: number,
    compute: FeedPorts['compute'],
  ): Promise<FeedEnd> {
    const ports = this.#ports;
    const { name, onError } = this.summary;
    const stop = this.#round.signal;
    return feed(
      {
        name,
        generation,
        position,
        isBuilding,
        skipsRefused: onError === 'skip',
        rangeMax: limits.projectionEventsMax,
        ahead,
      },
      {
        compute,
        stop,
        apply: (batch) => ports.apply(batch),
        head: () => ports.head(),
        grownBeyond: (beyond) => {
          // At the end of the log: what kept it up to here is over.
          if (this.#building === null) this.#troubledAt = undefined;
          return ports.grownBeyond(beyond, stop);
        },
        onMoved: (at, hasChanged, applied) => this.#moved(generation, at, hasChanged, applied),
        onSkipped: (skipped) => this.#skip(skipped),
      },
    );
  }

  #compute(
    { generation }: Generation,
    [after, upTo, from]: Parameters<FeedPorts['compute']>,
    lane: LaneClient = this.#ports.lane(),
  ): Promise<LaneOutcome> {
    const range = { name: this.summary.name, generation, after, upTo, from, round: this.#rounds };
    return this.#computer.compute(range, lane, this.#round.signal);
  }

  #moved(
    generation: number,
    position: number,
    hasChanged: boolean,
    applied: ProjectionApplied | undefined,
  ): void {
    if (applied !== undefined) this.#troubledAt = undefined;
    const isServing = applied?.outcome === 'applied' && applied.isServing;
    if (this.#building?.generation === generation) {
      this.#building = { ...this.#building, position };
      if (isServing) {
        this.#serving = this.#building;
        this.#building = null;
        this.#setState('current');
      }
    } else if (this.#serving?.generation === generation) {
      this.#serving = { ...this.#serving, position };
    }
    if (applied?.outcome === 'applied') {
      for (const { position: at, error } of applied.refused) {
        this.#skip([{ position: at, stream: '', version: 0, type: '', error }]);
      }
    }
    this.#look();
    if (hasChanged || isServing) this.#ports.onChanged();
  }

  #skip(skipped: readonly ProjectionFailure[]): void {
    this.#skipped += skipped.length;
    for (const { position, error } of skipped) {
      projectionSkipped.publish({ projection: this.summary.name, position, error: fromWireError(error) });
    }
  }

  async #stopAt({ result, applied }: Extract<FeedEnd, { end: 'stopped' }>): Promise<void> {
    const refused = applied?.outcome === 'applied' ? applied.failure : null;
    const found = result.failure as ProjectionFailure;
    const { position, error } = refused ?? found;
    const isKnown = refused === null && found.stream !== '';
    const failure = isKnown ? found : { position, error, ...(await this.#ports.locate(position)) };
    // Meanwhile it may have been asked to try again.
    if (this.#round.signal.aborted) return;
    this.#failure = failure;
    this.#setState('stopped');
    projectionStopped.publish({
      projection: this.summary.name,
      position: failure.position,
      error: fromWireError(failure.error),
    });
  }

  #tryAgain(): void {
    this.#failure = undefined;
    this.#refusal = undefined;
    this.#setState('starting');
  }

  #refuse(error: Error): void {
    this.#refusal = error;
    this.#giveUp(error);
    this.#setState(isHoldfastError(error, 'HOLDFAST_ERR_CLOSED') ? 'closed' : 'refused');
    // Whoever follows what it finds has to hear of it.
    this.#ports.onChanged();
  }

  /** Tells whoever waits, and whoever has asked for the rebuild that was tried, once it has lasted. */
  #tell(trouble: unknown, tried: PromiseWithResolvers<number> | undefined): void {
    this.#troubledAt ??= performance.now();
    if (performance.now() - this.#troubledAt < tellAfterMs) return;
    this.#look(trouble);
    if (tried === this.#again) this.#giveUp(trouble as Error);
  }

  /** Whoever has asked for a rebuild is refused it. */
  #giveUp(error: Error): void {
    this.#again?.reject(error);
    this.#again?.promise.catch(() => undefined);
    this.#again = undefined;
  }

  /** What keeps the projection from ever moving again by itself. */
  #hindrance(): Error | undefined {
    if (this.#refusal !== undefined) return this.#refusal;
    if (this.#failure !== undefined) return stopped(this.summary.name, this.#failure);
    if (this.#state === 'closed') return holdfastError('HOLDFAST_ERR_CLOSED', 'The runtime is closed.');
    return undefined;
  }

  #problem(): ProjectionHealth['failure'] {
    if (this.#refusal !== undefined) {
      const { code = 'Error', message } = toWireError(this.#refusal);
      return { code, message, event: null };
    }
    if (this.#failure === undefined) return null;
    const { error, ...event } = this.#failure;
    return { code: error.code ?? error.name, message: error.message, event };
  }

  #setState(state: ProjectionState): void {
    this.#state = state;
    this.#look();
  }

  #look(trouble?: unknown): void {
    for (const look of [...this.#waiters]) look(trouble);
  }
}
