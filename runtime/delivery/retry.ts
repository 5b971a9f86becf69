import { isHoldfastError } from '../errors/holdfast-error.ts';

/** Why a delivery did not succeed: what decides when it is tried again. */
export type FailureKind = 'closed' | 'poison' | 'kind' | 'start' | 'host' | 'passing' | 'actor';

/** First and longest wait, in milliseconds. */
const waits: Readonly<Record<FailureKind, readonly [firstMs: number, longestMs: number]>> = {
  closed: [0, 0],
  // It is not given up before what goes before it is delivered.
  poison: [50, 5_000],
  // Another process may know the kind, or the next version of this one.
  kind: [1_000, 60_000],
  // No thread can be had, or the modules do not load in it.
  start: [1_000, 60_000],
  host: [50, 5_000],
  passing: [50, 5_000],
  // Its events cannot be replayed by this version of its machine: only another version helps.
  actor: [1_000, 60_000],
};

/** A kind cannot be hosted, whatever is hosted besides. */
const kindCodes = ['HOLDFAST_ERR_DEFINITION_UNKNOWN', 'HOLDFAST_ERR_MACHINE_UNSUPPORTED'];

/** A host cannot start, whatever it is to host. */
const startCodes = [
  'HOLDFAST_ERR_DEFINITION_DUPLICATE',
  'HOLDFAST_ERR_MODULE_LOAD',
  'HOLDFAST_ERR_THREAD_START',
];

/** What kind of failure an error is. */
export function failureKindOf(error: unknown): FailureKind {
  if (!isHoldfastError(error)) return 'actor';
  const { code, retryable } = error;
  if (code === 'HOLDFAST_ERR_CLOSED' || code === 'HOLDFAST_ERR_THREAD_EXITED') return 'closed';
  if (code === 'HOLDFAST_ERR_POISON_MESSAGE') return 'poison';
  if (kindCodes.includes(code)) return 'kind';
  if (startCodes.includes(code)) return 'start';
  if (code === 'HOLDFAST_ERR_HOST_DIED') return 'host';
  // Also of a message that comes before the one that goes before it.
  return retryable || code === 'HOLDFAST_ERR_VERSION_CONFLICT' ? 'passing' : 'actor';
}

/** How long to wait before the try after `attempt`: doubling, with up to a quarter of it at random. */
export function retryDelayMs(kind: FailureKind, attempt: number): number {
  const [firstMs, longestMs] = waits[kind];
  const delayMs = Math.min(longestMs, firstMs * 2 ** (attempt - 1));
  return delayMs * (1 + Math.random() / 4);
}
