import { type HoldfastErrorOf, holdfastError } from '../errors/holdfast-error.ts';
import type { AppendRequest, ExpectedVersion } from './append.ts';
import { describe } from './names.ts';

/** Refuses what is no expected version. */
export function checkExpectedVersion(value: unknown): asserts value is ExpectedVersion {
  if (value === 'any' || value === 'no-stream' || value === 'stream-exists') return;
  if (Number.isSafeInteger(value) && (value as number) >= 0) return;
  throw holdfastError(
    'HOLDFAST_ERR_ARGUMENT_INVALID',
    `expectedVersion must be a version (0 for a new stream), 'any', 'no-stream' or 'stream-exists', got ${describe(value)}.`,
  );
}

/** Whether a stream at `actual` with the last event `head` is not what the request was made for. */
export function violatesExpectation(request: AppendRequest, actual: number, head: string): boolean {
  if (request.expectedHead !== null && request.expectedHead !== head) return true;
  return violatesVersion(request.expectedVersion, actual);
}

/** Whether a stream at `actual` is at another version than was expected. */
export function violatesVersion(expected: ExpectedVersion, actual: number): boolean {
  switch (expected) {
    case 'any':
      return false;
    case 'no-stream':
      return actual !== 0;
    case 'stream-exists':
      return actual === 0;
    default:
      return expected !== actual;
  }
}

/** The error of a request whose expectation does not hold. */
export function versionConflict(
  request: Pick<AppendRequest, 'stream' | 'expectedVersion'>,
  actual: number,
): HoldfastErrorOf<'HOLDFAST_ERR_VERSION_CONFLICT'> {
  const { stream, expectedVersion: expected } = request;
  const at = actual === 0 ? 'does not exist' : `is at version ${actual}`;
  const wanted = {
    any: 'was changed by another process meanwhile',
    'no-stream': 'was expected not to exist',
    'stream-exists': 'was expected to exist',
  };
  const said = typeof expected === 'number' ? `was expected at version ${expected}` : wanted[expected];
  return holdfastError(
    'HOLDFAST_ERR_VERSION_CONFLICT',
    `${stream} ${at} and ${said}. Nothing was written. Read it and decide anew.`,
    { stream, expected, actual },
  );
}
