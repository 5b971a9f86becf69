import { scheduler } from 'node:timers/promises';

/**
 * Works on all items, on so many at once and never more, in order of their start. Stops at the first error, and on
 * abort; what was begun is finished before either is thrown.
 */
export async function eachAtOnce<Item>(
  items: Iterable<Item>,
  atOnceMax: number,
  signal: AbortSignal,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  // One generator feeds all workers: whoever throws inside its loop closes it for everybody.
  const queue = take(items, signal);
  const worker = async () => {
    for (const item of queue) {
      await work(item);
      // Work may be all synchronous; signals and answers get their turn in between.
      await scheduler.yield();
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: atOnceMax }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  signal.throwIfAborted();
}

function* take<Item>(items: Iterable<Item>, signal: AbortSignal): Generator<Item, void, void> {
  for (const item of items) {
    if (signal.aborted) return;
    yield item;
  }
}
