import { MessageChannel } from 'node:worker_threads';
import type { CpuPool } from '../cpu/pool.ts';
import { PulseWatch } from '../cpu/pulse-watch.ts';
import { isHoldfastError } from '../errors/holdfast-error.ts';
import { fromWireError, type WireError } from '../errors/wire-error.ts';
import { definitionPool } from '../hosts/definition-pool.ts';
import type { EventStoreBackend, LongWorkOptions, PageQuery } from '../ports/event-store-backend.ts';
import { parseAddress } from '../protocol/address.ts';
import type { RehearsalProblemName, RehearsalReport, RehearsedBatch } from '../protocol/rehearsal.ts';
import type { ReaderClient } from '../threads/reader-client.ts';
import { threadsByDefault } from '../threads/threads-by-default.ts';
import { neverAborted, onAbort } from '../waiting/on-abort.ts';
import { type StreamBatch, streamBatches } from './stream-batches.ts';
import { Tally } from './tally.ts';

/** What to rehearse, and how. */
export interface RehearsalOptions extends LongWorkOptions {
  /** URLs of the modules that export the definitions. */
  readonly modules: readonly string[];
  readonly kinds?: readonly string[] | undefined;
  readonly threads?: number | undefined;
  /** How long one event, or the import of the modules, may take, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** Heap of a thread, in megabytes. Default 512. */
  readonly memoryMb?: number | undefined;
}

/** The database that is rehearsed: one that is open for writing, or for reading. */
export interface RehearsedDatabase extends Pick<EventStoreBackend, 'readStream'> {
  reader(): Promise<ReaderClient> | ReaderClient;
  readonly workerUrl?: URL | string | undefined;
}

/**
 * Replays every stream of a database with the definitions of some modules, on threads of its own, and reports what would
 * break. Writes nothing, and needs no runtime: a backend and modules are enough. Reads page by page, so that neither the
 * number nor the length of the streams matters to memory. Code that throws, loops or ends its thread is a problem in the
 * report and takes nothing with it; after twenty lost threads the rest is not replayed.
 */
export async function rehearse(
  backend: RehearsedDatabase,
  options: RehearsalOptions,
): Promise<RehearsalReport> {
  options.signal?.throwIfAborted();
  const reader = await backend.reader();
  return new Rehearsal(backend, reader, options).run();
}

const lastOnly: PageQuery = { after: Number.MAX_SAFE_INTEGER, limit: 1, direction: 'backward' };

/** Where a problem is that is of no stream. */
const nowhere = { stream: '', version: 0, position: 0, type: '' };

/** So many threads may be lost: where every stream takes one with it, each costs its time-out. */
const deathsMax = 20;

/** There is no use in going on: the modules cannot be used, or end every thread. */
const over = Symbol('over');

class Rehearsal {
  readonly #backend: RehearsedDatabase;
  readonly #reader: ReaderClient;
  readonly #options: RehearsalOptions;
  readonly #threads: number;
  readonly #pool: CpuPool;
  readonly #tally = new Tally();
  readonly #refused = new Set<string>();
  readonly #stop = new AbortController();
  /** Events of the batches that are under way, as far as they are. */
  readonly #underway = new Set<() => number>();
  /** Whether a thread has told which kinds the modules have. */
  #areKindsKnown = false;
  #deaths = 0;
  #done = 0;
  #told = -1;
  #total = 0;

  constructor(backend: RehearsedDatabase, reader: ReaderClient, options: RehearsalOptions) {
    this.#backend = backend;
    this.#reader = reader;
    this.#options = options;
    this.#threads = options.threads ?? threadsByDefault();
    const { modules, memoryMb = 512 } = options;
    this.#pool = definitionPool(this.#threads, { modules, memoryMb, workerUrl: backend.workerUrl });
  }

  async run(): Promise<RehearsalReport> {
    const { signal } = this.#options;
    // It may have been aborted while the reader started.
    const leave = onAbort(signal ?? neverAborted, () => this.#stop.abort(signal?.reason));
    const forget = this.#reader.thread.onEnded((reason) => this.#stop.abort(reason));
    try {
      this.#total = (await this.#reader.request('readLog', lastOnly))[0]?.position ?? 0;
      const readPage = (after: number) => this.#reader.request('streamsPage', after);
      const batches = streamBatches(readPage, this.#options.kinds, (events) => this.#progress(events));
      await this.#inLanes(batches);
      this.#missKinds();
    } finally {
      leave();
      forget();
      await this.#pool.destroy();
    }
    return this.#tally.report();
  }

  /** Each lane takes the next batch when it is done with one; all of them end before this does. */
  async #inLanes(batches: AsyncGenerator<StreamBatch, void, void>): Promise<void> {
    const lane = async (): Promise<void> => {
      for (;;) {
        this.#stop.signal.throwIfAborted();
        const { value: batch } = await batches.next();
        if (batch === undefined) return;
        await this.#rehearse(batch);
        this.#progress(batch.lengths.reduce((sum, length) => sum + length, 0));
      }
    };
    const ends = await Promise.allSettled(
      Array.from({ length: this.#threads }, () =>
        lane().catch((error: unknown) => {
          // One that fails ends the others.
          this.#stop.abort(error);
          throw error;
        }),
      ),
    );
    if (ends.every(({ status }) => status === 'fulfilled') || this.#stop.signal.reason === over) return;
    throw this.#stop.signal.reason;
  }

  /** A kind that was asked for and that neither a module nor a stream has is rather a slip of the pen than fine. */
  #missKinds(): void {
    if (this.#stop.signal.aborted || !this.#areKindsKnown) return;
    for (const kind of new Set(this.#options.kinds)) {
      if (this.#tally.knows(kind)) continue;
      const message = `No module exports a definition of "${kind}", and no stream is of this kind.`;
      this.#tally.found({ problem: 'unknown-kind', kind, ...nowhere, message });
    }
  }

  /** Replays a batch; without the stream that its thread died on, if it did. */
  async #rehearse({ streams, lengths }: StreamBatch): Promise<void> {
    const died = await this.#attempt({ streams, lengths });
    if (died === undefined) return;
    const { problem, index, version, message, isHung } = died;
    const stream = streams[index];
    if (stream !== undefined) await this.#blame(stream, version, problem, message);
    // Modules that were loaded before are not to blame, but what the thread has replayed before, and left running.
    else if (isHung || !this.#areKindsKnown) return this.#giveUp(problem, message);
    else this.#tally.found({ ...nowhere, kind: '', problem, message });
    if (++this.#deaths >= deathsMax) {
      this.#giveUp(problem, `${deathsMax} threads were lost. The streams that are left were not replayed.`);
    }
    // What the thread had found in the streams before is gone with it.
    const before = Math.max(0, index);
    const parts = [
      { streams: streams.slice(0, before), lengths: lengths.slice(0, before) },
      { streams: streams.slice(index + 1), lengths: lengths.slice(index + 1) },
    ];
    for (const part of parts) if (part.streams.length > 0) await this.#rehearse(part);
  }

  /** Runs a batch on a thread of the pool. Resolves with where and why the thread died, if it did. */
  async #attempt({ streams, lengths }: StreamBatch): Promise<Death | undefined> {
    const { port1, port2 } = new MessageChannel();
    await this.#reader.connectHost(port1);
    const hung = new AbortController();
    const watch = new PulseWatch({
      limitMs: this.#options.timeoutMs ?? 10_000,
      onTick: () => this.#tell(),
      onHung: () => hung.abort(new Error('hung')),
    });
    const { pulse } = watch;
    const eventsSoFar = (): number => {
      const { index, version } = pulse.read();
      return index < 0 ? 0 : lengths.slice(0, index).reduce((sum, length) => sum + length, version);
    };
    this.#underway.add(eventsSoFar);
    try {
      const batch = { modules: this.#options.modules, streams, reads: port2, pulse: pulse.cells };
      const signal = AbortSignal.any([this.#stop.signal, hung.signal]);
      const found = await this.#pool.run('rehearseStreams', batch, { signal, transfer: [port2] });
      if ('failed' in found) this.#fail(found.failed);
      else this.#add(found);
      return undefined;
    } catch (error) {
      if (this.#stop.signal.aborted) throw this.#stop.signal.reason;
      // There was no thread, which says nothing of the definitions.
      if (isHoldfastError(error) && error.code !== 'HOLDFAST_ERR_THREAD_EXITED') throw error;
      return { ...pulse.read(), ...causeOf(watch, error) };
    } finally {
      // Where it was never handed over, the reader would keep the other end.
      port2.close();
      watch.stop();
      this.#underway.delete(eventsSoFar);
    }
  }

  #add({ refused, ...found }: Exclude<RehearsedBatch, { failed: unknown }>): void {
    this.#tally.add(found);
    this.#areKindsKnown = true;
    for (const { kind, message } of refused) {
      // Every batch finds the same.
      if (this.#refused.has(kind)) continue;
      this.#refused.add(kind);
      this.#tally.found({ ...nowhere, kind, problem: 'kind-refused', message });
    }
  }

  #fail(failed: WireError): never {
    const { message } = fromWireError(failed);
    return this.#giveUp('module-failed', message);
  }

  #giveUp(problem: RehearsalProblemName, message: string): never {
    if (!this.#stop.signal.aborted) {
      this.#tally.found({ ...nowhere, kind: '', problem, message });
      this.#stop.abort(over);
    }
    throw over;
  }

  async #blame(
    stream: string,
    version: number,
    problem: RehearsalProblemName,
    message: string,
  ): Promise<void> {
    const { kind } = parseAddress(stream);
    const at: PageQuery = { after: version - 1, limit: 1, direction: 'forward' };
    const event = version === 0 ? undefined : (await this.#backend.readStream(stream, at))[0];
    const { position = 0, type = '' } = event ?? {};
    this.#tally.replayed(kind, 1, Math.max(0, version - 1));
    this.#tally.found({ problem, kind, stream, version, position, type, message });
  }

  #progress(events: number): void {
    this.#done += events;
    this.#tell();
  }

  /** Tells of progress if there was some. What the listener throws ends the rehearsal. */
  #tell(): void {
    let done = this.#done;
    for (const eventsSoFar of this.#underway) done += eventsSoFar();
    if (done <= this.#told || this.#stop.signal.aborted) return;
    this.#told = done;
    this.#total = Math.max(this.#total, done);
    try {
      this.#options.onProgress?.({ done, total: this.#total });
    } catch (error) {
      this.#stop.abort(error);
    }
  }
}

/** Where a thread died, and of what. */
interface Death {
  readonly problem: RehearsalProblemName;
  readonly index: number;
  readonly version: number;
  readonly message: string;
  /** Whether it did not die by itself, but was ended. */
  readonly isHung: boolean;
}

function causeOf(watch: PulseWatch, error: unknown): Omit<Death, 'index' | 'version'> {
  const { phase, index } = watch.pulse.read();
  const what = index < 0 ? 'The import of the modules' : 'The event';
  if (watch.hungFor !== undefined) {
    if (phase === 'starting')
      return { problem: 'thread-died', message: 'No thread of the pool could be started.', isHung: true };
    const message = `${what} did not come to an end within ${watch.hungFor}.`;
    return { problem: 'timed-out', message, isHung: true };
  }
  const why = error instanceof Error ? error.message : String(error);
  return { problem: 'thread-died', message: `The thread ended: ${why}`, isHung: false };
}
