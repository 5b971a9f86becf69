import type { CircuitInput, TripRule } from '../../machines/circuit-breaker.machine.ts';
import {
  checkFunction,
  checkOneOf,
  checkOptions,
  checkShare,
  checkWholeOption,
  invalidOption,
} from '../protocol/options.ts';

/** Bounds of a queue, and what becomes of what is too much. */
export interface QueueBounds {
  readonly itemsMax: number;
  readonly bytesMax: number;
  readonly overflow: 'reject' | 'drop-oldest';
}

/** Options of a circuit breaker. Durations are milliseconds. */
export interface CircuitBreakerOptions {
  /** When the circuit opens. Default: after 5 failures in a row. */
  readonly trip?: TripRule;
  /** How long it stays open the first time. Default 5,000. */
  readonly openMs?: number;
  /** The longest that it stays open, since every probe that fails doubles it. Default 60,000. */
  readonly openMaxMs?: number;
  /** Share by which that is shorter or longer at random. Default 0.2. */
  readonly jitter?: number;
  /** How long a probe may take before the circuit opens again. Default 30,000. */
  readonly probeMs?: number;
  /** A call that takes longer counts like one that failed. Default: none does. */
  readonly slowCallMs?: number;
  /** Which errors count as failures of the service. Default: all. One that the caller's own signal caused never does. */
  readonly isFailure?: (error: unknown) => boolean;
  /** Whether calls are carried out or queued while the network is degraded. Default `'execute'`. */
  readonly onDegraded?: 'execute' | 'queue';
  /** Calls that may wait for the network. Default 1,000. */
  readonly queueItemsMax?: number;
  /** What they may hold in bytes, of what their callers say with `bytes`. Default 16 MiB. */
  readonly queueBytesMax?: number;
  /**
   * What becomes of a call for which there is no room: `'reject'` rejects it with HOLDFAST_ERR_QUEUE_FULL, `'drop-oldest'`
   * does that to the oldest instead. Default `'reject'`.
   */
  readonly queueOverflow?: 'reject' | 'drop-oldest';
  /** The least time between the starts of two queued calls once the network is back. Default 0. */
  readonly drainIntervalMs?: number;
}

export interface ResolvedCircuitBreaker {
  readonly input: CircuitInput;
  readonly slowCallMs: number;
  readonly isFailure: (error: unknown) => boolean;
  readonly bounds: QueueBounds;
  readonly drainIntervalMs: number;
}

const dayMs = 86_400_000;
const ranges: Readonly<Record<string, readonly [min: number, max: number]>> = {
  openMs: [1, dayMs],
  openMaxMs: [1, dayMs],
  probeMs: [1, dayMs],
  slowCallMs: [1, dayMs],
  queueItemsMax: [0, 10_000_000],
  queueBytesMax: [0, Number.MAX_SAFE_INTEGER],
  drainIntervalMs: [0, dayMs],
};
const others = ['trip', 'jitter', 'isFailure', 'onDegraded', 'queueOverflow'];

/** Checks the options and fills in the defaults. */
export function resolveCircuitBreaker(name: string, options: CircuitBreakerOptions): ResolvedCircuitBreaker {
  const owner = `circuitBreaker('${name}')`;
  checkOptions(owner, options, [...Object.keys(ranges), ...others]);
  for (const [option, [min, max]] of Object.entries(ranges))
    checkWholeOption(owner, option, options[option as keyof CircuitBreakerOptions], min, max);
  const { trip = { rule: 'consecutive', failures: 5 }, openMs = 5_000, jitter = 0.2 } = options;
  const { onDegraded = 'execute', queueOverflow = 'reject', isFailure = () => true } = options;
  checkTrip(owner, trip);
  checkShare(owner, 'jitter', jitter);
  checkOneOf(owner, 'onDegraded', onDegraded, ['execute', 'queue']);
  checkOneOf(owner, 'queueOverflow', queueOverflow, ['reject', 'drop-oldest']);
  checkFunction(owner, 'isFailure', isFailure);
  const { openMaxMs = Math.max(60_000, openMs), probeMs = 30_000 } = options;
  if (openMaxMs < openMs) throw invalidOption(`${owner}: "openMaxMs" must be at least "openMs".`);
  return {
    input: { trip, openMs, openMaxMs, jitter, probeMs, onDegraded },
    slowCallMs: options.slowCallMs ?? Number.POSITIVE_INFINITY,
    isFailure,
    bounds: {
      itemsMax: options.queueItemsMax ?? 1_000,
      bytesMax: options.queueBytesMax ?? 16 * 2 ** 20,
      overflow: queueOverflow,
    },
    drainIntervalMs: options.drainIntervalMs ?? 0,
  };
}

function checkTrip(owner: string, trip: TripRule): void {
  const by = `${owner}.trip`;
  switch (trip?.rule) {
    case 'consecutive':
      checkOptions(by, trip, ['rule', 'failures']);
      return checkCount(by, 'failures', trip.failures);
    case 'count':
      checkOptions(by, trip, ['rule', 'calls', 'callsMin', 'failureRate']);
      checkWholeOption(by, 'calls', trip.calls ?? Number.NaN, 1, 10_000);
      checkWholeOption(by, 'callsMin', trip.callsMin ?? Number.NaN, 1, trip.calls);
      break;
    case 'time':
      checkOptions(by, trip, ['rule', 'windowMs', 'callsMin', 'failureRate']);
      checkCount(by, 'windowMs', trip.windowMs);
      break;
    default:
      throw invalidOption(`${owner}: "trip" must have the rule "consecutive", "count" or "time".`);
  }
  checkCount(by, 'callsMin', trip.callsMin);
  checkShare(by, 'failureRate', trip.failureRate, Number.MIN_VALUE);
}

function checkCount(owner: string, name: string, value: unknown): void {
  checkWholeOption(owner, name, value ?? Number.NaN, 1, 1_000_000_000);
}
