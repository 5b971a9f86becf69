import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { errorCodes } from '../../runtime/errors/codes.ts';

const page = new URL('../../docs/reference/errors.md', import.meta.url);

test('the page of errors has a row for every code and nothing else', () => {
  const expected = errorsPage();
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(page, expected);

  const written = readFileSync(page, 'utf8');

  expect(written, 'run UPDATE_DOCS=1 npm run test:docs').toBe(expected);
});

function errorsPage(): string {
  const rows = Object.entries(errorCodes).map(
    ([code, { when, retryable }]) => `| \`${code}\` | ${when} | ${retryable ? 'yes' : 'no'} |`,
  );
  return [
    '# Errors',
    '',
    'Everything Holdfast throws is a `HoldfastError` with one of these codes. Match on `code`, with',
    '`isHoldfastError(error, code)`, never on a message or a class. The message says what happened and what to do; `cause`',
    'is the error underneath. Aborting rejects with the reason of the signal as it is.',
    '',
    '"Repeat" says whether the same call may succeed later. Where the outcome is unknown, repeat with the same',
    'idempotency key.',
    '',
    '| code | when | repeat |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
