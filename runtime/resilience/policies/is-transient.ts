import { isHoldfastError } from '../../errors/holdfast-error.ts';

/** Refusals that may pass: 408 Request Timeout, 425 Too Early, 429 Too Many Requests. */
const passing: readonly number[] = [408, 425, 429];

/**
 * Whether the same call may succeed later: not after an error of Holdfast that is not `retryable`, an `AbortError`, or an
 * HTTP status from 400 to 499 other than 408, 425 and 429, in `status`, `statusCode` or `response.status`; after anything
 * else, yes.
 */
export function isTransient(error: unknown): boolean {
  if (isHoldfastError(error)) return error.retryable;
  if ((error as { name?: unknown } | null | undefined)?.name === 'AbortError') return false;
  const status = statusOf(error);
  return status === undefined || status < 400 || status > 499 || passing.includes(status);
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { status, statusCode, response } = error as Record<string, unknown>;
  const found = [status, statusCode, (response as { status?: unknown } | null | undefined)?.status];
  return found.find((value) => typeof value === 'number');
}
