import { expect, test } from 'vitest';
import { messageOf } from '../../runtime/errors/message-of.ts';

test.each([
  ['an error', new TypeError('no title'), 'no title'],
  ['a text', 'no title', 'no title'],
  ['an object with a message', { message: 'no title', code: 7 }, 'no title'],
  ['an object without one', { status: 404 }, '{"status":404}'],
  ['nothing', undefined, 'undefined'],
  ['null', null, 'null'],
])('what %s says is its message', (_name, thrown, message) => {
  expect(messageOf(thrown)).toBe(message);
});

test('what cannot be shown has no message, and throws nothing', () => {
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;

  expect([circular, Object.create(null, { message: { get: fail } })].map(messageOf)).toEqual(
    Array(2).fill('what was thrown has no message'),
  );
});

function fail(): never {
  throw new Error('not this either');
}
