import type { HostProgress } from '../ports/host-progress.ts';
import { limits } from './limits.ts';

const headerBytes = 16;
const [beatAt, workingAt, usedMbAt] = [0, 1, 2] as const;

/**
 * What a host thread says of itself in shared memory, where it can still be read after the thread has died: that its
 * event loop turns, which request user code runs for, and which requests may have become durable. A request has its
 * mark at its number modulo {@link limits.hostInFlightMax}, and numbers are given so that no two under way share one.
 */
export class HostBoard implements HostProgress {
  readonly memory: SharedArrayBuffer;
  /** The number of the last heartbeat that was answered is at 0. */
  readonly header: Int32Array<SharedArrayBuffer>;
  readonly #marks: Uint8Array<SharedArrayBuffer>;

  constructor(memory = new SharedArrayBuffer(headerBytes + limits.hostInFlightMax)) {
    this.memory = memory;
    this.header = new Int32Array(memory, 0, headerBytes / 4);
    this.#marks = new Uint8Array(memory, headerBytes);
  }

  beat(number: number): void {
    Atomics.store(this.header, beatAt, number);
  }

  working(id: number): void {
    this.header[workingAt] = id;
  }

  appending(id: number): void {
    this.#marks[id & (limits.hostInFlightMax - 1)] = 1;
    this.header[workingAt] = 0;
  }

  refused(id: number): void {
    this.#marks[id & (limits.hostInFlightMax - 1)] = 0;
  }

  /** Notes that the thread gives itself up, since its buffers take so many megabytes. */
  overBudget(usedMb: number): void {
    this.header[usedMbAt] = usedMb;
  }

  /** The request that user code ran for; 0 for none. Read after the thread has ended. */
  get workingOn(): number {
    return this.header[workingAt] ?? 0;
  }

  /** What buffers took when the thread gave itself up, in megabytes; 0 if it did not. */
  get usedMb(): number {
    return this.header[usedMbAt] ?? 0;
  }

  /** Whether the append of a request may have left the thread. */
  mayBeDurable(id: number): boolean {
    return this.#marks[id & (limits.hostInFlightMax - 1)] === 1;
  }

  /** Forgets the mark of a number that is given again. */
  clear(id: number): void {
    this.#marks[id & (limits.hostInFlightMax - 1)] = 0;
  }
}
