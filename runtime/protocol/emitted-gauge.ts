import { limits } from './limits.ts';

const [listenersAt, sentAt, heardAt, droppedAt] = [0, 1, 2, 3] as const;

/**
 * How much of what actors emit is on its way from the host threads to the listeners, in shared memory: what nobody
 * listens to is not sent, and what the listeners are too slow for is dropped, since it is for showing.
 */
export class EmittedGauge {
  readonly cells: Int32Array<SharedArrayBuffer>;

  constructor(cells = new Int32Array(new SharedArrayBuffer(16))) {
    this.cells = cells;
  }

  /** A listener has come (1) or gone (-1). */
  listen(change: 1 | -1): void {
    Atomics.add(this.cells, listenersAt, change);
  }

  get hasListeners(): boolean {
    return Atomics.load(this.cells, listenersAt) > 0;
  }

  /** Whether one more event may be sent; it then counts as sent. */
  enter(): boolean {
    const { cells } = this;
    // Both may wrap around; their difference stays right.
    if (((Atomics.load(cells, sentAt) - Atomics.load(cells, heardAt)) | 0) < limits.emittedMax) {
      Atomics.add(cells, sentAt, 1);
      return true;
    }
    Atomics.add(cells, droppedAt, 1);
    return false;
  }

  /** The listeners have heard one. */
  heard(): void {
    Atomics.add(this.cells, heardAt, 1);
  }

  /** A thread has ended, and so many of those that it had sent will not come. */
  forget(lost: number): void {
    Atomics.add(this.cells, heardAt, lost);
  }

  /** How many were dropped since this was last asked. */
  takeDropped(): number {
    return Atomics.exchange(this.cells, droppedAt, 0);
  }
}
