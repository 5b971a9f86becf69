import type { HostProgress } from '../ports/host-progress.ts';
import { limits } from './limits.ts';

const headerBytes = 24;
const [beatAt, workingAt, usedMbAt, nameLengthAt, emittedAt, begunAt] = [0, 1, 2, 3, 4, 5] as const;
const nameBytes = 2 * limits.nameLengthMax;

/**
 * What a host thread says of itself in shared memory, where it can still be read after the thread has died: that its
 * event loop turns, which request or actor user code runs for, which requests may have become durable, and how much it has
 * emitted. A request has its mark at its number modulo {@link limits.hostInFlightMax}, and numbers are given so that no two
 * under way share one.
 */
export class HostBoard implements HostProgress {
  readonly memory: SharedArrayBuffer;
  readonly #header: Int32Array<SharedArrayBuffer>;
  readonly #name: Uint16Array<SharedArrayBuffer>;
  readonly #marks: Uint8Array<SharedArrayBuffer>;

  constructor(memory = new SharedArrayBuffer(headerBytes + nameBytes + limits.hostInFlightMax)) {
    this.memory = memory;
    this.#header = new Int32Array(memory, 0, headerBytes / 4);
    this.#name = new Uint16Array(memory, headerBytes, limits.nameLengthMax);
    this.#marks = new Uint8Array(memory, headerBytes + nameBytes);
  }

  beat(number: number): void {
    Atomics.store(this.#header, beatAt, number);
  }

  /** The number of the last heartbeat that was answered. */
  get lastBeat(): number {
    return Atomics.load(this.#header, beatAt);
  }

  working(id: number): void {
    this.#header[workingAt] = id;
    // What comes from within may come from within itself for ever.
    if (id !== 0) this.#header[begunAt] = (this.#header[begunAt] ?? 0) + 1;
  }

  /** How many requests user code has begun to run for, modulo 2³². */
  get begun(): number {
    return Atomics.load(this.#header, begunAt);
  }

  workingFor(address: string): void {
    for (let index = 0; index < address.length; index++) this.#name[index] = address.charCodeAt(index);
    this.#header[nameLengthAt] = address.length;
  }

  appending(id: number): void {
    this.#mark(id, 1);
    this.#header[workingAt] = 0;
  }

  refused(id: number): void {
    this.#mark(id, 0);
  }

  /** What comes from within an actor has the number 0, which is no request, and must not stand in the place of one. */
  #mark(id: number, mark: 0 | 1): void {
    if (id !== 0) this.#marks[id & (limits.hostInFlightMax - 1)] = mark;
  }

  /** Notes that the thread gives itself up, since its buffers take so many megabytes. */
  overBudget(usedMb: number): void {
    this.#header[usedMbAt] = usedMb;
  }

  /** Counts an event that is emitted and was let in: see `emitted-gauge.ts`. */
  emitting(): void {
    this.#header[emittedAt] = this.emitted + 1;
  }

  /** How many events were emitted and let in. */
  get emitted(): number {
    return this.#header[emittedAt] ?? 0;
  }

  /** The request that user code ran for; 0 for none. Read after the thread has ended. */
  get workingOn(): number {
    return this.#header[workingAt] ?? 0;
  }

  /** The actor whose effect or work ran; `''` for none. Read after the thread has ended. */
  get workingForAddress(): string {
    return String.fromCharCode(...this.#name.subarray(0, this.#header[nameLengthAt]));
  }

  /** What buffers took when the thread gave itself up, in megabytes; 0 if it did not. */
  get usedMb(): number {
    return this.#header[usedMbAt] ?? 0;
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
