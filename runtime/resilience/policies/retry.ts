import type { Clock } from '../../ports/clock.ts';
import { systemClock } from '../../ports/clock.ts';
import { type MonotonicClock, monotonicClock, timerMaxMs } from '../../ports/monotonic-clock.ts';
import { checkFunction, checkOptions, checkWholeOption } from '../../protocol/options.ts';
import { CallContext, contextOf } from './call-context.ts';
import { checkMethods } from './check-methods.ts';
import { isHandedOver } from './handed-over.ts';
import { isTransient } from './is-transient.ts';
import { letGo } from './let-go.ts';
import type { Policy, PolicyFunction } from './policy.ts';
import { rest } from './rest.ts';
import { retryAfterOf } from './retry-after.ts';
import type { RetryBudget } from './retry-budget.ts';
import { settle } from './settle.ts';

/** When a call is made again, and how often. */
export interface RetryOptions {
  /** How often the function is called at most, the first time included. Default 3. */
  readonly attemptsMax?: number;
  /** The shortest wait between two attempts, in milliseconds, at least 1. Default 200. */
  readonly delayMinMs?: number;
  /** The longest, in milliseconds. Default 10,000. */
  readonly delayMaxMs?: number;
  /** Who asks for a longer wait than this, in milliseconds, is not asked again: the call fails. Default 60,000. */
  readonly retryAfterMaxMs?: number;
  /** Whether to try again after an error; decides alone. Default {@link isTransient}. */
  readonly retryOn?: (error: unknown, attempt: number) => boolean;
  /** Shared with others, so that retries do not multiply the load of a server that fails. Default none. */
  readonly budget?: RetryBudget;
  /** Called before every wait. What it throws rejects the call. The body of a `Response` can be read only if that begins at once. */
  readonly onRetry?: (retry: RetryNotice) => void;
  readonly clock?: MonotonicClock;
  /** The clock on the wall, which only `Retry-After` dates without a `Date` beside them are measured by. */
  readonly wallClock?: Clock;
  /** From 0 up to, not including, 1. Default `Math.random`. */
  readonly random?: () => number;
}

/** That an attempt has failed and another one follows. */
export interface RetryNotice {
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  /** The wait before the next one, in milliseconds. */
  readonly delayMs: number;
  readonly error: unknown;
}

type Settings = Required<Omit<RetryOptions, 'budget' | 'onRetry'>> & RetryOptions;

const known: readonly (keyof RetryOptions)[] = [
  'attemptsMax',
  'delayMinMs',
  'delayMaxMs',
  'retryAfterMaxMs',
  'retryOn',
  'budget',
  'onRetry',
  'clock',
  'wallClock',
  'random',
];

const attempts = new WeakMap<object, number>();

/** How many attempts a {@link retry} had made when it gave up with this error; `undefined` for any other value. */
export function attemptsOf(error: unknown): number | undefined {
  return typeof error === 'object' && error !== null ? attempts.get(error) : undefined;
}

/**
 * Calls again what has failed for a reason that may pass. The waits are drawn at random from a range that grows with the
 * wait before (decorrelated jitter: AWS Architecture Blog, "Exponential Backoff and Jitter"), and never shorter than a
 * `Retry-After`. Rejects with the last error as it is ({@link attemptsOf} knows how many there were), and with it at once
 * if the next attempt would begin after the deadline of a time-out around it.
 *
 * A function that is retried may be carried out more than once: give what it calls an idempotency key.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID when an option is unknown or out of range.
 */
export function retry(options: RetryOptions = {}): Policy {
  const settings = resolve(options);
  return { execute: async (fn, given) => run(settings, fn, contextOf(fn, given)) };
}

function resolve(options: RetryOptions): Settings {
  checkOptions('retry', options, known);
  const { attemptsMax = 3, retryAfterMaxMs = 60_000 } = options;
  const { delayMinMs = Math.min(200, options.delayMaxMs ?? 200) } = options;
  const { delayMaxMs = Math.max(10_000, delayMinMs) } = options;
  checkWholeOption('retry', 'attemptsMax', attemptsMax, 1);
  checkWholeOption('retry', 'delayMinMs', delayMinMs, 1, timerMaxMs / 2);
  checkWholeOption('retry', 'delayMaxMs', delayMaxMs, delayMinMs, timerMaxMs);
  checkWholeOption('retry', 'retryAfterMaxMs', retryAfterMaxMs, 0, timerMaxMs / 2);
  const { retryOn = isTransient, random = Math.random, onRetry, budget } = options;
  const { clock = monotonicClock, wallClock = systemClock } = options;
  for (const [name, value] of Object.entries({ retryOn, random, onRetry }))
    checkFunction('retry', name, value);
  checkMethods('retry', 'budget', budget, ['deposit', 'withdraw']);
  checkMethods('retry', 'clock', clock, ['now', 'after']);
  checkMethods('retry', 'wallClock', wallClock, ['now']);
  return {
    ...options,
    retryOn,
    clock,
    wallClock,
    random,
    attemptsMax,
    delayMinMs,
    delayMaxMs,
    retryAfterMaxMs,
  };
}

async function run<T>(settings: Settings, fn: PolicyFunction<T>, context: CallContext): Promise<T> {
  const { signal, key, deadline = Number.POSITIVE_INFINITY } = context;
  const { attemptsMax, budget, clock, onRetry, retryOn } = settings;
  signal.throwIfAborted();
  budget?.deposit();
  let jitterMs = settings.delayMinMs;
  for (let attempt = 1; ; attempt++) {
    try {
      return await settle(fn, new CallContext(signal, attempt, key, context.deadline));
    } catch (error) {
      signal.throwIfAborted();
      const mayPass = attempt < attemptsMax && !isHandedOver(error) && retryOn(error, attempt);
      jitterMs = nextJitterMs(settings, jitterMs);
      const delayMs = mayPass ? waitAfter(settings, error, jitterMs) : undefined;
      if (delayMs === undefined || clock.now() + delayMs >= deadline || budget?.withdraw() === false) {
        if (typeof error === 'object' && error !== null) attempts.set(error, attempt);
        throw error;
      }
      onRetry?.({ attempt, delayMs, error });
      void letGo(error);
      await rest(delayMs, signal, settings);
    }
  }
}

/**
 * AWS has `min(cap, random(base, sleep * 3))`, by which two thirds of all that have reached the cap wait exactly as long.
 * Here the range is capped, not what is drawn from it.
 */
function nextJitterMs({ delayMinMs, delayMaxMs, random }: Settings, beforeMs: number): number {
  const highestMs = Math.min(delayMaxMs, beforeMs * 3);
  return Math.round(delayMinMs + random() * (highestMs - delayMinMs));
}

/** The wait that was asked for, and then some, since others were told the same; `undefined`: that is too long. */
function waitAfter(settings: Settings, error: unknown, jitterMs: number): number | undefined {
  const askedMs = retryAfterOf(error, settings.wallClock);
  if (askedMs === undefined) return jitterMs;
  if (askedMs > settings.retryAfterMaxMs) return undefined;
  return Math.ceil(Math.max(askedMs, settings.delayMinMs) + settings.random() * settings.delayMinMs);
}
