import type { DeathEvidence } from '../protocol/host-death.ts';
import type { HoldfastErrorCode } from './codes.ts';
import { isRetryable } from './retryable-codes.ts';

/** What an error of a given code carries besides its message. Codes that are not listed carry nothing. */
export interface HoldfastErrorDetails {
  HOLDFAST_ERR_VERSION_CONFLICT: {
    readonly stream: string;
    readonly expected: number | string;
    readonly actual: number;
  };
  HOLDFAST_ERR_IDEMPOTENCY_CONFLICT: { readonly stream: string; readonly key: string };
  HOLDFAST_ERR_EVENT_REJECTED: {
    readonly address: string;
    readonly eventType: string;
    readonly state: unknown;
    readonly accepts: readonly string[];
  };
  HOLDFAST_ERR_UPCAST_FAILED: StoredEventDetails & { readonly schemaVersion: number };
  HOLDFAST_ERR_EVENT_NEWER: StoredEventDetails & { readonly found: number; readonly supported: number };
  HOLDFAST_ERR_PAYLOAD_INVALID: { readonly path: string; readonly issues?: readonly string[] };
  HOLDFAST_ERR_PAYLOAD_TOO_LARGE: { readonly size: number; readonly limit: number };
  HOLDFAST_ERR_MAILBOX_FULL: {
    readonly address: string;
    readonly capacity: number;
    /** The name of the work that was stopped because it told its actor too much; absent for commands. */
    readonly src?: string;
    readonly idempotencyKey?: string;
  };
  HOLDFAST_ERR_BULKHEAD_FULL: { readonly concurrency: number; readonly queueMax: number };
  HOLDFAST_ERR_MACHINE_UNSUPPORTED: { readonly kind: string; readonly problems: readonly string[] };
  HOLDFAST_ERR_WORK_INTERRUPTED: {
    readonly address: string;
    readonly src: string;
    readonly idempotencyKey: string;
  };
  HOLDFAST_ERR_HOST_DIED: { readonly address: string; readonly reason: string };
  HOLDFAST_ERR_HOST_UNAVAILABLE: {
    readonly address: string;
    readonly host: number;
    /** Milliseconds after which the host is tried again. */
    readonly retryAfterMs: number;
    /** How the host died the last time. */
    readonly lastDeath: DeathEvidence;
  };
  HOLDFAST_ERR_POISON_MESSAGE: {
    readonly address: string;
    /** How the command ended the quarantine thread. */
    readonly evidence: DeathEvidence;
    /** Whether it may have been carried out all the same: its death came after its append had left. */
    readonly mayBeDurable: boolean;
    /** `null` if it could not be kept, or was no command. */
    readonly deadLetterId: number | null;
  };
  HOLDFAST_ERR_DEAD_LETTER_UNKNOWN: { readonly deadLetterId: number };
  HOLDFAST_ERR_PROJECTION_UNKNOWN: { readonly projection: string };
  HOLDFAST_ERR_PROJECTION_INVALID: { readonly projection: string };
  HOLDFAST_ERR_PROJECTION_NEWER: {
    readonly projection: string;
    readonly found: number;
    readonly supported: number;
  };
  HOLDFAST_ERR_PROJECTION_FAILED: {
    readonly projection: string;
    /** Place in the log of the event that stopped it. */
    readonly position: number;
  };
  HOLDFAST_ERR_SIMULATION_FAILED: {
    readonly seed: number;
    /** Which invariant did not hold: a name of the caller's, or a promise of the runtime in words. */
    readonly invariant: string;
    /** The task in which that showed. */
    readonly task: number;
    /** A call of `simulate` that shows it again. */
    readonly replay: string;
    /** The last things that happened. */
    readonly trace: readonly object[];
  };
  HOLDFAST_ERR_SIMULATION_STALLED: {
    readonly seed: number;
    readonly task: number;
    readonly replay: string;
    /** The last things that happened. */
    readonly trace: readonly object[];
    /** What waits in the file: timers, messages, and actors with work under way. */
    readonly timers: number;
    readonly messages: number;
    readonly work: number;
  };
  HOLDFAST_ERR_QUERY_TOO_LARGE: { readonly limit: number };
  HOLDFAST_ERR_CONTAINER_BINDING_UNKNOWN: BindingDetails;
  HOLDFAST_ERR_CONTAINER_CYCLE: BindingDetails;
  HOLDFAST_ERR_CONTAINER_SCOPE: BindingDetails;
  HOLDFAST_ERR_CONTAINER_NOT_READY: BindingDetails;
  HOLDFAST_ERR_CONTAINER_INIT_FAILED: BindingDetails;
  HOLDFAST_ERR_CONTAINER_WARM_UP_FAILED: BindingFailures;
  HOLDFAST_ERR_CONTAINER_DISPOSE_FAILED: BindingFailures;
  HOLDFAST_ERR_CIRCUIT_OPEN: { readonly retryAfterMs: number };
  HOLDFAST_ERR_PROPERTY_FAILED: {
    /**
     * The name of the property, and what it is: an `invariant`, a `step` rule, in `eventually`, an `oracle`, or `sut`: what
     * of a system under test differs from the model.
     */
    readonly property: string;
    readonly kind: string;
    readonly why: string;
    /** The shortest steps that lead to it, and the state before the first and after each. */
    readonly steps: readonly object[];
    readonly states: readonly ({ readonly value: unknown; readonly context: unknown } | null)[];
    /** A sequence diagram of Mermaid. */
    readonly diagram: string;
    /** A call of `replay` to paste. */
    readonly replay: string;
    readonly input?: unknown;
    /** In which run it was found, from 1. */
    readonly run?: number;
    readonly seed?: number;
  };
  HOLDFAST_ERR_COVERAGE_MISSED: { readonly coverage: object };
  HOLDFAST_ERR_EXPECTATION_FAILED: { readonly actual: unknown; readonly expected: unknown };
  HOLDFAST_ERR_PEER_MISSING: { readonly peer: string };
  HOLDFAST_ERR_SCHEMA_OLDER: { readonly found: number; readonly supported: number };
  HOLDFAST_ERR_SCHEMA_NEWER: { readonly found: number; readonly supported: number };
}

/** Which stored event an error is about: its stream, its version there, and its position in the log. */
interface StoredEventDetails {
  readonly stream: string;
  readonly version: number;
  readonly position: number;
  readonly eventType: string;
}

/** Which binding of a container an error is about, by the names from the one that was asked for. */
interface BindingDetails {
  readonly path: readonly string[];
}

interface BindingFailures {
  readonly failures: readonly { readonly path: readonly string[]; readonly error: unknown }[];
}

type DetailsOf<Code> = Code extends keyof HoldfastErrorDetails ? HoldfastErrorDetails[Code] : object;

const brand = Symbol.for('holdfast.error');

/**
 * The one class of error that Holdfast throws. `code` is stable and is what programs match on; the message says what
 * happened, with the value, and what to do; `cause` is the error underneath. It is the same on every thread.
 */
export class HoldfastError extends Error {
  override readonly name = 'HoldfastError';
  readonly code: HoldfastErrorCode;
  /** Whether the same call may succeed later without a change by the caller. */
  readonly retryable: boolean;

  constructor(code: HoldfastErrorCode, message: string, details: object = {}, cause?: unknown) {
    super(`${message} [${code}]`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = isRetryable(code);
    Object.defineProperty(this, brand, { value: true });
    Object.assign(this, details);
  }
}

/** A {@link HoldfastError} of a known code, with the details that this code carries. */
export type HoldfastErrorOf<Code extends HoldfastErrorCode> = HoldfastError & {
  readonly code: Code;
} & DetailsOf<Code>;

/** Builds the error of a code; the details that the code carries are required by type. */
export function holdfastError<Code extends HoldfastErrorCode>(
  code: Code,
  message: string,
  ...[details, cause]: Code extends keyof HoldfastErrorDetails
    ? [details: HoldfastErrorDetails[Code], cause?: unknown]
    : [details?: undefined, cause?: unknown]
): HoldfastErrorOf<Code> {
  return new HoldfastError(code, message, details ?? {}, cause) as HoldfastErrorOf<Code>;
}

/**
 * Whether a value is an error of Holdfast, and of one code if given. Works across threads and duplicate copies of the
 * package, where `instanceof` does not.
 *
 * @example
 * try { await plan.send(event); } catch (error) {
 *   if (isHoldfastError(error, 'HOLDFAST_ERR_VERSION_CONFLICT')) console.log(error.expected, error.actual);
 * }
 */
export function isHoldfastError<Code extends HoldfastErrorCode = HoldfastErrorCode>(
  value: unknown,
  code?: Code,
): value is HoldfastErrorOf<Code> {
  try {
    if (typeof value !== 'object' || value === null || !(brand in value)) return false;
    return code === undefined || (value as { code?: unknown }).code === code;
  } catch {
    // A proxy that was revoked.
    return false;
  }
}
