import { BroadcastChannel, getEnvironmentData, setEnvironmentData } from 'node:worker_threads';

const place = 'holdfast.sut.clock';
const [wall, running] = [0, 1] as const;

/** What threads of one process tell each other of a test. */
export const sutChannel = 'holdfast.sut';

/**
 * The clock of a process under test, which stands still unless it is moved. It is in shared memory: every thread of the
 * process reads the same moment.
 */
export class VirtualClock {
  readonly #cells: BigInt64Array;

  private constructor(cells: BigInt64Array) {
    this.#cells = cells;
  }

  /** In the main thread, before any other thread starts. */
  static install(): VirtualClock {
    const cells = new BigInt64Array(new SharedArrayBuffer(16));
    setEnvironmentData(place, cells.buffer);
    return new VirtualClock(cells);
  }

  /** In another thread. */
  static ofProcess(): VirtualClock {
    return new VirtualClock(new BigInt64Array(getEnvironmentData(place) as unknown as SharedArrayBuffer));
  }

  /** Milliseconds since 1970. */
  get wallMs(): number {
    return Number(Atomics.load(this.#cells, wall));
  }

  /** What has passed since the process began, in milliseconds; a jump of the wall clock is no part of it. */
  get runningMs(): number {
    return Number(Atomics.load(this.#cells, running));
  }

  /** The wall clock is set to a moment; what it goes on is time that passes, unless the clock jumps there. */
  moveTo(wallMs: number, isJump = false): void {
    const passedMs = isJump ? 0 : Math.max(0, wallMs - this.wallMs);
    Atomics.add(this.#cells, running, BigInt(passedMs));
    Atomics.store(this.#cells, wall, BigInt(wallMs));
  }
}

/** A channel between the threads of this process that keeps none of them alive. */
export function openSutChannel(): BroadcastChannel {
  const channel = new BroadcastChannel(sutChannel);
  channel.unref();
  return channel;
}
