import { expect, test } from 'vitest';
import { shownError } from '../../runtime/resilience/shown-error.ts';

const token = `ghp_${'16C7e42F292c6912E771'.repeat(2)}`;

test('an error is shown with its cause, and without secrets', () => {
  const error = new Error('no luck with token=abc', { cause: new Error(`sent ${token}`) });

  expect(shownError(error)).toBe('no luck with token=*** (sent ***)');
});

test.each([8, 99, 100, 101])(
  'nothing is shown of a token that was cut off after %i thousand characters',
  (length) => {
    // What comes before it is one secret, of which three asterisks are left.
    const text = `token=${'a'.repeat(length * 1_000 - 20)} ${token}`;

    expect(shownError(text)).toMatch(/^token=\*\*\*(?: \*\*\*)?$|^an error that cannot be shown$/);
  },
);

test('an error is not shown without an end', () => {
  expect(shownError('a '.repeat(1_000_000))).toHaveLength(2_000);
});

test('a response that was thrown is shown with its status, and a connection that tried several addresses with its code', () => {
  const addresses = Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' });

  expect(shownError(new Response('no', { status: 410 }))).toBe('HTTP 410');
  expect(shownError({ status: 'failed' })).toBe('[object Object]');
  expect(shownError(addresses)).toBe('ECONNREFUSED');
  expect(shownError(new TypeError('fetch failed', { cause: addresses }))).toBe('fetch failed (ECONNREFUSED)');
  expect(shownError(new TypeError())).toBe('TypeError');
});
