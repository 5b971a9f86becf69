import { operationEnded } from '../observability/channels.ts';
import { systemClock } from '../ports/clock.ts';
import type { ClaimedOperation, ClaimResult } from '../protocol/operation.ts';
import type { OperationRunner, OperationRunnerOptions } from './operation-runner.ts';

/** How often an operation may have been begun without an end before it is parked. */
export const unfinishedStartsMax = 3;
/** How long a queue rests at most: another process may have died with operations in hand. In milliseconds. */
const restMaxMs = 30_000;
/** How long it rests after a disk that failed, or a network that seems to be away. In milliseconds. */
const troubleMs = 1_000;

/** What a pass has done. */
export interface PassResult {
  readonly replayed: number;
  readonly failed: number;
  /** Whether everything that was due was tried. */
  readonly isComplete: boolean;
  /** When to look again, in milliseconds from now. */
  readonly waitMs: number;
}

/**
 * Carries out what is due, in order. Operations that are handed in meanwhile are for the next pass, so that none is
 * endless. An operation that the process may have died of is carried out alone: what is innocent must not share its fate.
 */
export class QueuePass {
  readonly #options: OperationRunnerOptions;
  readonly #runner: OperationRunner;
  readonly #mayGoOn: () => boolean;
  readonly #running = new Set<Promise<void>>();
  #replayed = 0;
  #failed = 0;
  #isAway = false;

  constructor(options: OperationRunnerOptions, runner: OperationRunner, mayGoOn: () => boolean) {
    this.#options = options;
    this.#runner = runner;
    this.#mayGoOn = mayGoOn;
  }

  async run(): Promise<PassResult> {
    let claim: ClaimResult | undefined;
    let waitMs = troubleMs;
    let isComplete = false;
    try {
      while (!this.#isAway && this.#mayGoOn()) {
        claim = await this.#claim(claim?.lastSequence ?? null);
        waitMs = restOf(claim);
        isComplete = claim.claimed.length === 0 && this.#running.size === 0;
        if (isComplete) break;
        if (!this.#mayGoOn()) {
          // Paused, closed, or the network went away meanwhile.
          await Promise.all(claim.claimed.map((operation) => this.#runner.giveBack(operation)));
          break;
        }
        for (const operation of claim.claimed) this.#start(operation);
        const isAlone = claim.claimed.some(({ unfinishedStarts }) => unfinishedStarts > 0);
        await (isAlone ? Promise.all(this.#running) : Promise.race(this.#running));
      }
    } catch {
      // The disk failed, or the store is gone.
      waitMs = troubleMs;
    }
    await Promise.all(this.#running);
    return {
      replayed: this.#replayed,
      failed: this.#failed,
      isComplete,
      waitMs: this.#isAway ? troubleMs : waitMs,
    };
  }

  async #claim(sequenceMax: number | null): Promise<ClaimResult> {
    const { queue, run, store, handlers, concurrency } = this.#options;
    const names = Object.keys(handlers);
    const limit = concurrency - this.#running.size;
    const isIdle = this.#running.size === 0;
    const claim = await store.claim(
      { queue, run, names, limit, sequenceMax, isIdle, unfinishedStartsMax },
      systemClock.now(),
    );
    this.#runner.take(claim.claimed);
    for (const { operationId, state } of claim.ended)
      operationEnded.publish({ queue, operationId, name: null, state });
    // What is left for this pass ends where the queue ended when it began.
    return sequenceMax === null ? claim : { ...claim, lastSequence: sequenceMax };
  }

  #start(operation: ClaimedOperation): void {
    const running: Promise<void> = this.#runner
      .run(operation)
      .then(
        (ended) => {
          if (ended === 'done') this.#replayed++;
          else this.#failed++;
          if (ended === 'away') this.#isAway = true;
        },
        () => {
          this.#failed++;
        },
      )
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }
}

/** A pass that found nothing does not come back at once. */
function restOf({ claimed, nextDueAt }: ClaimResult): number {
  if (nextDueAt === null) return restMaxMs;
  const leftMs = nextDueAt - systemClock.now();
  return Math.max(claimed.length === 0 ? 20 : 0, Math.min(restMaxMs, leftMs));
}
