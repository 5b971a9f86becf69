import { scheduler } from 'node:timers/promises';
import {
  isHoldfastError,
  type OperationHandlers,
  type OperationRecord,
  type OperationState,
  type Runtime,
  type StoreAndForward,
  type StoreAndForwardOptions,
} from 'holdfast';
import { handOver } from './hand-over.ts';
import type { News } from './news.ts';
import { post } from './webhook.ts';

/** What became of the news. */
export interface Delivery {
  readonly delivered: number;
  /** How many wait for the next run. */
  readonly waiting: number;
  /** Why they wait. */
  readonly reason: string;
  /** Those that the server does not take. */
  readonly dead: readonly OperationRecord[];
}

const queueOptions: StoreAndForwardOptions = {
  // Of different documents; news of one never overtake each other.
  concurrency: 4,
  timeoutMs: 10_000,
  delayMs: 250,
  // A server that is there and not well is asked again by every run, for as long as it takes.
  attemptsMax: 1_000_000,
  // A server that refuses connections is as far away as one without a network.
  onDegraded: 'queue',
  // What finds no room here would be in the log all the same.
  itemsMax: 10_000_000,
  bytesMax: Number.MAX_SAFE_INTEGER,
};

/** How long what has failed is waited for: so many times so many milliseconds. */
const patience = { looks: 10, everyMs: 250 };

/**
 * Tells a server what happened to the documents, once each, and waits until it has heard everything or is away; the rest
 * is kept for the next run. Where it goes is for each run to say, and is not kept: a URL may hold a password.
 *
 * @throws the reason of the signal.
 */
export async function notify(runtime: Runtime, url: URL, signal: AbortSignal): Promise<Delivery> {
  const { store, connectivity } = runtime;
  let delivered = 0;
  const deliver = async (news: News, attempt: { signal: AbortSignal; idempotencyKey: string }) => {
    try {
      await post(url, news, attempt.idempotencyKey, AbortSignal.any([signal, attempt.signal]));
      delivered++;
    } catch (error) {
      // One silence is enough: all others would take as long.
      if (isHoldfastError(attempt.signal.reason, 'HOLDFAST_ERR_TIMEOUT'))
        await connectivity.override('offline', 'no answer in time');
      throw error;
    }
  };
  const outbox = runtime.storeAndForward('webhooks', { deliver }, queueOptions);

  // The queue forgets an id a week after its delivery. So nothing is delivered before the position is kept that makes the
  // id needless.
  await outbox.pause();
  for await (const { operationId } of all(outbox, ['dead', 'parked'])) await outbox.requeue(operationId);
  await handOver(store, signal, (news) =>
    outbox.enqueue(news, { idempotencyKey: news.id, orderKey: news.document }),
  );
  await outbox.resume();

  await untilDrainedOrAway(runtime, outbox, signal);
  // What is under way comes to its end, and to its place in the numbers.
  await outbox.pause();
  signal.throwIfAborted();
  const dead: OperationRecord[] = [];
  for await (const each of all(outbox, ['dead', 'parked'])) dead.push(each);
  return {
    delivered,
    waiting: (await outbox.metrics()).depth,
    reason: await reasonToWait(runtime, outbox),
    dead,
  };
}

/** A server that is not well may be so in a moment: what it has failed is tried again, when the queue says. */
async function untilDrainedOrAway(
  { connectivity }: Runtime,
  outbox: StoreAndForward<OperationHandlers>,
  signal: AbortSignal,
): Promise<void> {
  const decided = new AbortController();
  const either = { signal: AbortSignal.any([signal, decided.signal]) };
  await connectivity.ready({ signal });
  await Promise.race([
    outbox.drain(either),
    connectivity.waitFor('degraded', either),
    connectivity.waitFor('offline', either),
  ]).finally(() => decided.abort());
  for (let look = 0; look < patience.looks && connectivity.status === 'online'; look++) {
    if ((await outbox.metrics()).depth === 0) return;
    await scheduler.wait(patience.everyMs, { signal }).catch(() => signal.throwIfAborted());
  }
}

async function reasonToWait(
  { connectivity }: Runtime,
  outbox: StoreAndForward<OperationHandlers>,
): Promise<string> {
  if (connectivity.status !== 'online') return connectivity.reason ?? 'out of reach';
  for await (const { lastError } of all(outbox, ['waiting'])) if (lastError !== null) return lastError;
  return 'not yet told';
}

async function* all(
  outbox: StoreAndForward<OperationHandlers>,
  states: readonly OperationState[],
): AsyncGenerator<OperationRecord, void, void> {
  for (let after = 0; ; ) {
    const page = await outbox.list({ states, after });
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.sequence;
  }
}
