import { type MonotonicClock, monotonicClock } from '../../ports/monotonic-clock.ts';
import { describe } from '../../protocol/names.ts';
import { checkOptions, checkWholeOption, invalidOption } from '../../protocol/options.ts';
import { checkMethods } from './check-methods.ts';

/** How many retries calls may cost together. */
export interface RetryBudgetOptions {
  /** Retries that each call adds, from 0 to 1. Default 0.2: one for five calls. */
  readonly ratio?: number;
  /** Retries that each second adds, from 0, also while there are few calls. Default 1. */
  readonly perSecondMin?: number;
  /** The most that are ever saved up, and what there is at first. Default 10. */
  readonly burstMax?: number;
  readonly clock?: MonotonicClock;
}

/** Retries that any number of {@link retry} policies share. */
export interface RetryBudget {
  /** How many retries it would grant now. */
  readonly balance: number;
  /** A call begins, which adds to the budget. */
  deposit(): void;
  /** Takes one retry out; false if there is none. */
  withdraw(): boolean;
}

/**
 * A limit to what retries add to the load of something that is failing already: a token bucket, as Finagle's RetryBudget
 * (https://finagle.github.io/blog/2016/02/08/retry-budgets). Share one among all that call the same server.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID when an option is unknown or out of range.
 */
export function createRetryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  const owner = 'createRetryBudget';
  checkOptions(owner, options, ['ratio', 'perSecondMin', 'burstMax', 'clock']);
  const { ratio = 0.2, perSecondMin = 1, burstMax = 10, clock = monotonicClock } = options;
  checkMethods(owner, 'clock', clock, ['now']);
  checkNumber(owner, 'ratio', ratio, 1);
  checkNumber(owner, 'perSecondMin', perSecondMin, 1_000_000);
  checkWholeOption(owner, 'burstMax', burstMax, 1);
  let tokens = burstMax;
  let countedAt = clock.now();
  const add = (calls: number): number => {
    const now = clock.now();
    tokens = Math.min(burstMax, tokens + calls * ratio + ((now - countedAt) / 1_000) * perSecondMin);
    countedAt = now;
    return tokens;
  };
  return {
    get balance() {
      return Math.floor(add(0));
    },
    deposit: () => void add(1),
    withdraw: () => {
      if (add(0) < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}

function checkNumber(owner: string, name: string, value: unknown, max: number): void {
  if (typeof value === 'number' && value >= 0 && value <= max) return;
  throw invalidOption(`${owner}: "${name}" must be a number from 0 to ${max}, got ${describe(value)}.`);
}
