import { isDeepStrictEqual } from 'node:util';
import { holdfastError } from '../../errors/holdfast-error.ts';
import { invalidOption } from '../../protocol/options.ts';
import { toSource } from '../model/to-source.ts';

/**
 * Compares what came about with what was expected.
 *
 * @throws HOLDFAST_ERR_EXPECTATION_FAILED, with both as `actual` and `expected`, which test runners show side by side.
 */
export function expectSame(story: readonly string[], what: string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw expectationFailed(
    story,
    `expected ${what} ${toSource(expected)}, got ${toSource(actual)}`,
    actual,
    expected,
  );
}

/** The error of something else than what was expected, told with what led to it. */
export function expectationFailed(
  story: readonly string[],
  message: string,
  actual: unknown,
  expected: unknown,
  cause?: unknown,
): Error {
  const told = story.map((line) => `  ${line}`).join('\n');
  return holdfastError(
    'HOLDFAST_ERR_EXPECTATION_FAILED',
    `${message}\n${told}\n`,
    { actual, expected },
    cause,
  );
}

/**
 * Whether a `then` was called by `await`, or by a test runner to which a specification was returned: whatever has a `then` is
 * taken for a promise. One that has ended with what is expected comes to nothing more; of another one the expectation was
 * forgotten, and whoever awaits gets the error.
 */
export function isAwaited(given: readonly unknown[], hasEnded = false): boolean {
  const [resolve, reject] = given;
  if (given.length !== 2 || typeof resolve !== 'function' || typeof reject !== 'function') return false;
  if (hasEnded) resolve();
  else reject(invalidOption('A specification ends with then(what is expected): it was awaited before.'));
  return true;
}
