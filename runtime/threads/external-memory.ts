import { getHeapStatistics } from 'node:v8';
import type { HostBoard } from '../protocol/host-board.ts';

const checkEveryMs = 100;
/** What takes so long may have taken memory: most requests take a tenth of it. */
const slowMs = 0.2;
/** On a busy computer many take so long, since their thread was not given a processor: no more looks than one in this time. */
const lookApartMs = 2;
const bytesPerMb = 1024 * 1024;

/**
 * Bounds what a thread keeps outside of its heap: V8's limit of the heap counts the handles of buffers, not the
 * buffers, so that a gigabyte of them passes under a limit of 64 MB. Both figures are those of this thread alone:
 * `external_memory` of its isolate, and `arrayBuffers`, which has shared ones as well.
 */
export class ExternalMemoryBudget {
  readonly #board: HostBoard;
  readonly #limitMb: number;
  #nextAt = 0;
  #soonestAt = 0;
  #begunAt = 0;

  constructor(board: HostBoard, limitMb: number) {
    this.#board = board;
    this.#limitMb = limitMb;
  }

  /** A request begins. */
  begin(): void {
    this.#begunAt = performance.now();
  }

  /**
   * Ends the thread if it is over its budget. A look takes 15 us, so it looks after what took long, which is thereby
   * known for the culprit, though not after each of many, and every 100 ms.
   */
  check(): void {
    if (this.#limitMb === Number.POSITIVE_INFINITY) return;
    const now = performance.now();
    if (now < this.#nextAt && (now - this.#begunAt < slowMs || now < this.#soonestAt)) return;
    this.#nextAt = now + checkEveryMs;
    this.#soonestAt = now + lookApartMs;
    const bytes = Math.max(getHeapStatistics().external_memory, arrayBufferBytes());
    if (bytes <= this.#limitMb * bytesPerMb) return;
    this.#board.overBudget(Math.ceil(bytes / bytesPerMb));
    process.exit(1);
  }
}

/** Node.js reads a file for it, which a process without file descriptors cannot: no reason to end a thread. */
function arrayBufferBytes(): number {
  try {
    return process.memoryUsage().arrayBuffers;
  } catch {
    return 0;
  }
}
