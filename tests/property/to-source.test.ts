import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressOf } from '../../actors/definitions/address-of.ts';
import { encode } from '../../runtime/protocol/codec.ts';
import { toSource } from '../../runtime/testing/model/to-source.ts';
import { anyPayload, anyText } from '../support/payload-arbitrary.ts';

const anyAddress = fc
  .tuple(fc.stringMatching(/^[a-z']{1,5}$/), fc.stringMatching(/^[a-z/'\\]{1,9}$/))
  .map(([kind, id]) => addressOf(kind, id));

class OwnError extends Error {
  override readonly name = 'OwnError';
}

const anyError = fc
  .record({
    ErrorClass: fc.constantFrom(Error, TypeError, OwnError),
    message: anyText,
    options: fc.oneof(fc.constant({}), fc.record({ cause: fc.oneof(anyPayload, anyAddress) })),
    own: fc.dictionary(fc.constantFrom('code', 'a b', 'errors'), anyPayload),
  })
  .map(({ ErrorClass, message, options, own }) => Object.assign(new ErrorClass(message, options), own));

const failures = fc
  .tuple(anyText, fc.array(anyError, { maxLength: 2 }))
  .map(([message, errors]) => new AggregateError(errors, message));

/** Where an error was made is not said. */
function textOf(value: unknown): string {
  const plain = JSON.parse(encode(value)) as unknown;
  return JSON.stringify(plain, (_, each: unknown) => {
    if (typeof each !== 'object' || each === null || !('$error' in each)) return each;
    const { stack: _stack, ...error } = each.$error as Record<string, unknown>;
    return { $error: error };
  });
}

test('the source of whatever can be kept gives the same value', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(anyPayload, anyAddress, anyError, failures), { maxLength: 3 }), (value) => {
      const evaluate = new Function('addressOf', `return ${toSource(value)};`) as (of: unknown) => unknown;
      expect(textOf(evaluate(addressOf))).toBe(textOf(value));
    }),
    { numRuns: 300 },
  );
});

test.each([
  [new Uint16Array([1, 256]).buffer, 'new Uint8Array([1, 0, 0, 1]).buffer'],
  [Buffer.from('a'), 'new Uint8Array([97])'],
  [new RangeError('no', { cause: new Error('why') }), "new RangeError('no', { cause: new Error('why') })"],
  [addressOf('order', '7/a'), "addressOf('order', '7/a')"],
  [{ sessionId: 1, send: 2, ref: 3, id: 4 }, '{ sessionId: 1, send: 2, ref: 3, id: 4 }'],
])('%#: a value of its own kind', (value, source) => {
  expect(toSource(value)).toBe(source);
});
