import fc from 'fast-check';

/** Text of any UTF-16 units, including halves of surrogate pairs. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string(),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 })
    .map((units) => String.fromCharCode(...units)),
  fc.constantFrom(
    '$',
    '$date',
    '$value',
    '__proto__',
    'toJSON',
    'constructor',
    'toString',
    'length',
    '{"$',
    '0',
    '-1',
  ),
);

const leaf = fc.oneof(
  anyText,
  fc.boolean(),
  fc.constantFrom(null, undefined, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0),
  fc.integer(),
  fc.double(),
  fc.bigInt(),
  fc.date({ noInvalidDate: false }),
  fc.uint8Array({ maxLength: 6 }),
  fc.float64Array({ maxLength: 3 }),
  fc.bigInt64Array({ maxLength: 3 }),
  fc.int16Array({ maxLength: 3 }).map((array) => array.buffer as ArrayBuffer),
);

/** An object with own keys of any name, `__proto__` too. */
const recordOf = (item: fc.Arbitrary<unknown>): fc.Arbitrary<object> =>
  fc.array(fc.tuple(anyText, item), { maxLength: 4 }).map((entries) => Object.fromEntries(entries));

const tree = fc.letrec<{ value: unknown; record: object }>((tie) => ({
  record: recordOf(tie('value')),
  value: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'payload' },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    tie('record'),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => new Set(items)),
  ),
}));

/** Whatever the codec promises to keep. */
export const anyPayload: fc.Arbitrary<unknown> = tree.value;

/** Whatever it promises to keep, as the data of an event of a machine: an object. */
export const anyPayloadRecord: fc.Arbitrary<object> = tree.record;
