import type { MessagePort } from 'node:worker_threads';
import type { StreamSnapshot } from './append.ts';
import type { ThreadContainerOptions } from './container-blueprint.ts';
import type { SkippedEventCount } from './skipped-event.ts';

/** What a host thread is started with. */
export interface HostThreadData {
  readonly modules: readonly string[];
  /** Identifies the run of the runtime: see `StoreThreadData`. */
  readonly run: string;
  /** Actors whose interrupted work fails instead of being run again: host threads have died of it. */
  readonly convicted: readonly string[];
  /** Actors whose work is not run at all: a thread died of them even then. */
  readonly givenUp: readonly string[];
  /** Whether the thread follows for which actor code runs through promises and timers: one before died unexplained. */
  readonly isTraced: boolean;
  readonly residentsMax: number;
  readonly idleMs: number;
  /** Requests of the main thread, and their answers. */
  readonly requests: MessagePort;
  /** Appends to the store thread. */
  readonly appends: MessagePort;
  /** Reads from the store thread, until the host is told to read from a reader thread. */
  readonly reads: MessagePort;
  /** Numbers to be written to the board: proof that the event loop turns. */
  readonly heartbeat: MessagePort;
  /** See `EmittedGauge`. */
  readonly emitted: Int32Array<SharedArrayBuffer>;
  /** See `host-board.ts`. */
  readonly board: SharedArrayBuffer;
  /** What buffers outside of the heap may take, in megabytes. */
  readonly externalMemoryMb: number;
  /** `null` for none. */
  readonly container: ThreadContainerOptions | null;
}

/** What a host thread has found when it has started. */
export interface HostFindings {
  /** Whether its modules export projections, which are for another thread. */
  readonly hasProjections: boolean;
}

/** The control plane of a host thread. */
export interface HostControl {
  /** Reads from this port from now on, which leads to a reader thread. */
  readFrom(port: MessagePort): void;
  /** Stops invoked work: resolves when what it has told is kept, and what was asked for with that has been carried out. */
  settle(): Promise<void>;
  /** Snapshots of actors that would otherwise be replayed from many events. */
  hotSnapshots(): StreamSnapshot[];
  residents(): number;
  /** Disposes what the container has made. Nothing can be asked for any more. */
  closeServices(): Promise<void>;
  /** Stored events that the machines of this thread passed over. */
  skippedEvents(): SkippedEventCount[];
}
