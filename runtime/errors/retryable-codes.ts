import type { errorCodes, HoldfastErrorCode } from './codes.ts';

type RetryableCode = {
  [Code in HoldfastErrorCode]: (typeof errorCodes)[Code]['retryable'] extends true ? Code : never;
}[HoldfastErrorCode];

/** The codes that the table calls retryable, without its sentences, which no application has to load. */
const retryableCodes: Readonly<Record<RetryableCode, true>> = {
  HOLDFAST_ERR_MAILBOX_FULL: true,
  HOLDFAST_ERR_BULKHEAD_FULL: true,
  HOLDFAST_ERR_TIMEOUT: true,
  HOLDFAST_ERR_HOST_DIED: true,
  HOLDFAST_ERR_HOST_UNAVAILABLE: true,
  HOLDFAST_ERR_THREAD_EXITED: true,
  HOLDFAST_ERR_THREAD_START: true,
  HOLDFAST_ERR_STORAGE_FULL: true,
  HOLDFAST_ERR_STORAGE_BUSY: true,
  HOLDFAST_ERR_STORAGE_IO: true,
  HOLDFAST_ERR_OUTCOME_UNKNOWN: true,
  HOLDFAST_ERR_CIRCUIT_OPEN: true,
  HOLDFAST_ERR_CIRCUIT_ISOLATED: true,
  HOLDFAST_ERR_QUEUE_FULL: true,
  HOLDFAST_ERR_CONTAINER_INIT_FAILED: true,
  HOLDFAST_ERR_CONTAINER_WARM_UP_FAILED: true,
};

/** Whether the same call may succeed later without a change by the caller. */
export function isRetryable(code: HoldfastErrorCode): boolean {
  return Object.hasOwn(retryableCodes, code);
}
