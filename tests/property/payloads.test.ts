import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode, encode } from '../../runtime/protocol/codec.ts';
import { Payloads } from '../../runtime/protocol/payloads.ts';
import { anyPayload } from '../support/payload-arbitrary.ts';

/** What a machine that stays on its event makes of it: the value, or what reading it fails with. */
function outcome(read: () => unknown): unknown {
  try {
    return { value: read() };
  } catch (error) {
    return { error: String(error) };
  }
}

const plainTexts = fc.record({ amount: fc.integer(), note: fc.string() }).map((value) => encode(value));
const damaged = fc
  .tuple(plainTexts, fc.nat({ max: 50 }), fc.nat({ max: 7 }))
  .map(([text, at, bit]) => flipped(text, at % text.length, bit));

/** A text with one bit of a character turned over, as a disk might give it. */
function flipped(text: string, at: number, bit: number): string {
  return text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << bit)) + text.slice(at + 1);
}

test('payloads that are parsed together are what each is by itself, also between damaged ones', () => {
  const text = fc.oneof(
    { weight: 20, arbitrary: plainTexts },
    { weight: 1, arbitrary: anyPayload.map((value) => encode(value)) },
    { weight: 1, arbitrary: damaged },
    {
      weight: 1,
      arbitrary: fc.constantFrom('', '[1', '2]', 'null', '{"a":"x', '"}'),
    },
  );
  fc.assert(
    fc.property(fc.array(text, { maxLength: 300 }), (texts) => {
      const payloads = new Payloads(texts);
      for (const [index, each] of texts.entries()) {
        expect(outcome(() => payloads.at(index))).toEqual(outcome(() => decode(each)));
      }
    }),
    { numRuns: 300 },
  );
});

test('a text that holds two values is none, whatever stands beside it', () => {
  const payloads = new Payloads(['{"a":1}', '{"a":1},{"b":2}', '{"a":1}']);
  expect(payloads.at(0)).toEqual({ a: 1 });
  expect(() => payloads.at(1)).toThrow('HOLDFAST_ERR_STORAGE_CORRUPT');
  expect(payloads.at(2)).toEqual({ a: 1 });
});

test('each payload is a value of its own, which a machine may change', () => {
  const payloads = new Payloads(['{"items":[]}', '{"items":[]}']);
  (payloads.at(0) as { items: number[] }).items.push(1);
  expect(payloads.at(1)).toEqual({ items: [] });
});
