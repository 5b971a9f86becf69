import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { isHoldfastError } from '../../runtime/errors/holdfast-error.ts';
import { AddressRef, isAddressRef } from '../../runtime/protocol/address-ref.ts';
import { decode, encode } from '../../runtime/protocol/codec.ts';
import { limits } from '../../runtime/protocol/limits.ts';
import { anyPayload, anyText } from '../support/payload-arbitrary.ts';
import { testThoroughly } from '../support/thorough.ts';

test('whatever the codec encodes comes back as the same value of the same type', () => {
  fc.assert(
    fc.property(anyPayload, (value) => {
      expect(isDeepStrictEqual(decode(encode(value)), value)).toBe(true);
    }),
    { numRuns: 3_000 },
  );
});

test('encoding what was decoded gives the same text', () => {
  fc.assert(
    fc.property(anyPayload, (value) => {
      const text = encode(value);

      expect(encode(decode(text))).toBe(text);
    }),
    { numRuns: 1_000 },
  );
});

test('encoding changes nothing in the value', () => {
  fc.assert(
    fc.property(anyPayload, (value) => {
      const before = structuredClone(value);

      encode(value);

      expect(isDeepStrictEqual(value, before)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('plain JSON is encoded as plain JSON', () => {
  const plain = fc.jsonValue({ noUnicodeString: false }).filter((value) => {
    const text = JSON.stringify(value);
    return !text.includes('"$') && isDeepStrictEqual(JSON.parse(text), value);
  });
  fc.assert(
    fc.property(plain, (value) => {
      expect(encode(value)).toBe(JSON.stringify(value));
    }),
  );
});

class Money {
  readonly cents = 1;
}

const refused: fc.Arbitrary<unknown> = fc.constantFrom<unknown>(
  () => 1,
  Symbol('s'),
  new Money(),
  /x/,
  new WeakMap(),
  Object(1),
  new Array(2),
  { [Symbol('key')]: 1 },
  Object.defineProperty({ seen: 1 }, 'hidden', { value: 2 }),
  Object.defineProperty([1], 'hidden', { value: 2 }),
  Object.assign(new Map([[1, 2]]), { besides: 1 }),
  Object.assign(new Set([1]), { [Symbol('key')]: 1 }),
  Object.assign(new Date(0), { besides: 1 }),
  new DataView(new ArrayBuffer(1)),
  new URL('file:///'),
  new (class extends Map {})(),
  new (class extends Array {})(),
  new (class extends Date {})(),
);

type Step = { readonly path: string; readonly wrap: (inner: unknown, others: unknown[]) => unknown };

/** One level around a value, and how the path names it. */
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  anyText.map(
    (key): Step => ({
      path: `.${key}`,
      wrap: (inner, others) =>
        Object.fromEntries([
          ['other', others],
          [key, inner],
        ]),
    }),
  ),
  fc.integer({ min: 0, max: 3 }).map(
    (index): Step => ({
      path: `[${index}]`,
      wrap: (inner, others) => [...others.slice(0, index), ...Array(3).fill(0)].toSpliced(index, 1, inner),
    }),
  ),
  fc.constant<Step>({ path: '.get(k)', wrap: (inner) => new Map([['k', inner]]) }),
  fc.constant<Step>({ path: '.key(0)', wrap: (inner) => new Map([[inner, 1]]) }),
  fc.constant<Step>({ path: '.item(0)', wrap: (inner) => new Set([inner]) }),
);

test('a value that cannot be kept is refused, and the path leads to it', () => {
  fc.assert(
    fc.property(
      refused,
      fc.array(anyStep, { maxLength: 5 }),
      fc.array(anyPayload),
      (value, steps, others) => {
        const whole = steps.reduceRight((inner, step) => step.wrap(inner, others), value);
        const path = `data${steps.map((step) => step.path).join('')}`;

        const error = thrownBy(() => encode(whole, 'data'));

        expect(isHoldfastError(error, 'HOLDFAST_ERR_PAYLOAD_INVALID')).toBe(true);
        expect((error as { path: string }).path.startsWith(path)).toBe(true);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('a date that was made under the fake timers of a test is kept like any other', () => {
  vi.useFakeTimers({ now: 5, toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());

  expect(encode({ now: new Date(), later: new Date(7) })).toBe('{"now":{"$date":5},"later":{"$date":7}}');
});

test('of a subclass of a built-in with fields of its own, the class is what is refused', () => {
  class Prices extends Map {
    readonly currency = 'EUR';
  }
  expect(() => encode(new Prices())).toThrow('value is an instance of Prices');
});

testThoroughly('bytes that have more characters than a string can are too large, as less is', () => {
  expect(() => encode({ file: new Uint8Array(2 ** 29) }, 'saved')).toThrow(
    expect.objectContaining({
      code: 'HOLDFAST_ERR_PAYLOAD_TOO_LARGE',
      message: expect.stringContaining('saved takes too many characters encoded, and 16777216 is the limit.'),
      size: Number.POSITIVE_INFINITY,
    }),
  );
});

test('a promise is refused, and what it is rejected with is nobody’s to handle any more', async () => {
  const late = Promise.reject(new Error('late'));

  expect(() => encode({ at: late })).toThrow('value.at is an instance of Promise');

  // What nobody handles is told once the turn is over, and fails this test.
  await new Promise((resolve) => setImmediate(resolve));
});

test('an instance of a class without a name is refused in words that can be read', () => {
  expect(() => encode({ at: new (class {})() })).toThrow('value.at is an instance of a class and');
});

test('an instance that can be sent to, as a client of a server, is not taken for an actor', () => {
  class Session {
    readonly sessionId = 'a';
    readonly send = 'nothing';
  }
  expect(() => encode(new Session())).toThrow('value is an instance of Session');
});

test('a value that contains itself is refused at the place where it does', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { minLength: 1, maxLength: 5 }), (steps) => {
      const root: Record<string, unknown> = {};
      root['again'] = steps.reduceRight<unknown>((inner, step) => step.wrap(inner, []), root);
      const path = `data.again${steps.map((step) => step.path).join('')}`;

      const error = thrownBy(() => encode(root, 'data'));

      expect(error).toMatchObject({ code: 'HOLDFAST_ERR_PAYLOAD_INVALID', path });
    }),
  );
});

test('a value that is too deep to be read again is refused before it is written', () => {
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level++) deep = { deep };

  const error = thrownBy(() => encode(deep));

  expect(error).toMatchObject({ code: 'HOLDFAST_ERR_PAYLOAD_INVALID' });
});

test('a value as deep as is allowed is read again', () => {
  let deep: unknown = 1;
  for (let level = 0; level < limits.payloadDepthMax; level++) deep = new Map([['deep', deep]]);

  expect(encode(decode(encode(deep)))).toBe(encode(deep));
});

test('a value that is met twice without containing itself is kept twice', () => {
  const shared = { at: new Date(1) };

  expect(decode(encode([shared, { shared }]))).toEqual([shared, { shared }]);
});

test('an unknown tag in a stored payload is refused', () => {
  const error = thrownBy(() => decode('{"$regexp":"x"}'));

  expect(error).toMatchObject({ code: 'HOLDFAST_ERR_PAYLOAD_INVALID', path: '$regexp' });
});

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

test('the address of an actor comes back as one', () => {
  const [back] = decode(encode([new AddressRef('account/42')])) as [AddressRef];

  expect(isAddressRef(back)).toBe(true);
  expect(back.address).toBe('account/42');
});

test('a built-in error comes back as one of its class, with its properties', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(Error, TypeError, RangeError),
      fc.string(),
      fc.string(),
      (Class, message, code) => {
        const error = Object.assign(new Class(message), { code });

        expect(isDeepStrictEqual(decode(encode(error)), error)).toBe(true);
      },
    ),
  );
});

test.each(['toString', 'constructor', '__proto__', 'hasOwnProperty', ''])(
  'an error named %j comes back as one',
  (name) => {
    const error = Object.assign(new Error('no'), { name });

    const back = decode(encode(error)) as Error;

    expect(back).toBeInstanceOf(Error);
    expect([back.name, back.message]).toEqual([name, 'no']);
  },
);

test('an error of a class of its own comes back with its name, message, cause and properties', () => {
  class DeclinedError extends Error {
    override readonly name = 'DeclinedError';
    readonly reasons = new Set(['limit']);
  }
  const cause = new RangeError('too much');

  const error = decode(encode(new DeclinedError('no', { cause }))) as DeclinedError;

  expect(error).toBeInstanceOf(Error);
  expect({ ...error, message: error.message, cause: error.cause }).toEqual({
    message: 'no',
    cause,
    reasons: new Set(['limit']),
  });
  expect(String(error)).toBe('DeclinedError: no');
});
