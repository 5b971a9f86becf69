import { operationEnded } from '../observability/channels.ts';
import { systemClock } from '../ports/clock.ts';
import type { ClaimedOperation, ClaimResult } from '../protocol/operation.ts';
import type { OperationRunner, OperationRunnerOptions } from './operation-runner.ts';
import type { OperationsUnderWay } from './operations-under-way.ts';

/** How often an operation may have been begun without an end before it is parked. */
const unfinishedStartsMax = 3;
/** How long a queue rests at most: another process may have died with operations in hand. In milliseconds. */
const restMaxMs = 30_000;
/**
 * How long a process has carried out other operations before it takes one that an earlier process may have died of. In
 * milliseconds. Processes that are killed from outside again and again die sooner, and no operation is taken for the cause.
 */
const probationMs = 1_000;
/** How long it rests after a disk that failed, or a network that seems to be away. In milliseconds. */
const troubleMs = 1_000;

/** What a pass has come to. */
export interface PassResult {
  /** The place of the last operation that it was to carry out; 0 if it could not look. */
  readonly lastSequence: number;
  /** Whether everything that was due has been begun. */
  readonly isComplete: boolean;
  /** When to look again, in milliseconds from now. */
  readonly waitMs: number;
}

/** On what terms a pass goes on. */
export interface PassTerms {
  readonly mayGoOn: () => boolean;
  /** Whether another pass is to follow: it takes over what is under way. */
  readonly isWanted: () => boolean;
  /** When this process began with the queue, by the monotonic clock. */
  readonly startedAt: number;
}

/**
 * Carries out what is due, in order. Operations that are handed in meanwhile are for the next pass, so that none is
 * endless; where nothing is left but to wait for what is under way, the next one begins, so that a server that hangs holds
 * up nobody else. An operation that the process may have died of is carried out after a while, and alone: what is innocent must
 * not share its fate.
 */
export class QueuePass {
  readonly #options: OperationRunnerOptions;
  readonly #runner: OperationRunner;
  readonly #underWay: OperationsUnderWay;
  readonly #mayGoOn: () => boolean;
  readonly #isWanted: () => boolean;
  readonly #startedAt: number;
  #hasSkipped = false;
  #isAway = false;

  constructor(
    options: OperationRunnerOptions,
    runner: OperationRunner,
    underWay: OperationsUnderWay,
    { mayGoOn, isWanted, startedAt }: PassTerms,
  ) {
    this.#options = options;
    this.#runner = runner;
    this.#underWay = underWay;
    this.#mayGoOn = mayGoOn;
    this.#isWanted = isWanted;
    this.#startedAt = startedAt;
  }

  async run(): Promise<PassResult> {
    const underWay = this.#underWay;
    let claim: ClaimResult | undefined;
    let waitMs = troubleMs;
    let isComplete = false;
    try {
      while (!this.#isAway && this.#mayGoOn()) {
        const { newsCount } = underWay;
        const lookedAt = systemClock.now();
        const isFull = underWay.size >= this.#options.concurrency;
        if (!isFull) claim = await this.#claim(claim?.lastSequence ?? null, lookedAt);
        const claimed = isFull ? [] : (claim?.claimed ?? []);
        if (!this.#mayGoOn()) {
          // Paused, closed, or the network went away meanwhile.
          await Promise.all(claimed.map((operation) => this.#runner.giveBack(operation)));
          break;
        }
        for (const operation of claimed) this.#start(operation);
        if (claimed.some(({ unfinishedStarts }) => unfinishedStarts > 0)) await underWay.ended();
        if (claim === undefined || isFull) {
          await underWay.news(newsCount, restMaxMs);
          continue;
        }
        // What is passed over has yet to come.
        const isDue = claim.nextDueAt !== null && claim.nextDueAt <= lookedAt;
        const leftMs = isDue && this.#hasSkipped ? Math.max(1, this.#probationLeftMs) : 0;
        if (this.#isWanted()) {
          const { lastSequence } = claim;
          if (claimed.length === 0) return { lastSequence, isComplete: leftMs === 0, waitMs: 0 };
        } else {
          waitMs = restOf(claim);
          isComplete = leftMs === 0 && underWay.size === 0 && underWay.newsCount === newsCount;
          if (isComplete) break;
          await underWay.news(newsCount, leftMs > 0 ? leftMs : untilDue(claim, lookedAt));
        }
      }
    } catch (error) {
      // The disk failed, or the store is gone.
      this.#runner.storeFailed(error);
      waitMs = troubleMs;
    }
    // What is under way goes on by itself: a queue that stands still for a moment must not wait for a server that hangs.
    const lastSequence = claim?.lastSequence ?? 0;
    return { lastSequence, isComplete, waitMs: this.#isAway ? troubleMs : waitMs };
  }

  async #claim(sequenceMax: number | null, now: number): Promise<ClaimResult> {
    const { queue, run, store, handlers, concurrency } = this.#options;
    const names = Object.keys(handlers);
    const limit = concurrency - this.#underWay.size;
    const isIdle = this.#underWay.size === 0;
    const skipsUnfinished = this.#probationLeftMs > 0;
    this.#hasSkipped = skipsUnfinished;
    const claim = await store.claim(
      { queue, run, names, limit, sequenceMax, isIdle, skipsUnfinished, unfinishedStartsMax },
      now,
    );
    this.#runner.take(claim.claimed);
    for (const { operationId, state } of claim.ended)
      operationEnded.publish({ queue, operationId, name: null, state });
    // What is left for this pass ends where the queue ended when it began.
    return sequenceMax === null ? claim : { ...claim, lastSequence: sequenceMax };
  }

  get #probationLeftMs(): number {
    return Math.max(0, Math.ceil(this.#startedAt + probationMs - performance.now()));
  }

  #start(operation: ClaimedOperation): void {
    const running = this.#runner.run(operation).then(
      (ended) => {
        if (ended === 'away') this.#isAway = true;
      },
      () => undefined,
    );
    this.#underWay.add(operation.sequence, running);
  }
}

/** A pass that found nothing does not come back at once. */
function restOf({ claimed, nextDueAt }: ClaimResult): number {
  if (nextDueAt === null) return restMaxMs;
  const leftMs = nextDueAt - systemClock.now();
  return Math.max(claimed.length === 0 ? 20 : 0, Math.min(restMaxMs, leftMs));
}

/** How long there is nothing else to begin, while something is under way: what was due already must wait for that. */
function untilDue({ nextDueAt }: ClaimResult, lookedAt: number): number {
  if (nextDueAt === null || nextDueAt <= lookedAt) return restMaxMs;
  return Math.max(1, Math.min(restMaxMs, nextDueAt - systemClock.now()));
}
