import assert from 'node:assert/strict';
import { type CheckBackend, collect, failureOf } from './check-backend.ts';

const withOwnPrototypeKey: unknown = JSON.parse('{"__proto__":{"polluted":true},"plain":1}');

const kept: readonly (readonly [what: string, value: unknown])[] = [
  [
    'null, booleans and strings',
    { a: null, b: true, c: '', d: 'line\nbreak \u2028 "quoted" \\', e: '\u0000' },
  ],
  ['numbers at the edges', { max: Number.MAX_VALUE, min: Number.MIN_VALUE, safe: Number.MAX_SAFE_INTEGER }],
  [
    'NaN, the infinities and minus zero',
    { a: Number.NaN, b: Infinity, c: -Infinity, d: -0, e: [Number.NaN, -0] },
  ],
  ['undefined in an object and in an array', { absent: undefined, list: [undefined, 1, undefined] }],
  ['bigints', { small: 0n, large: 2n ** 200n, negative: -(2n ** 70n) }],
  ['a date', { at: new Date(1_700_000_000_000), before: new Date(-1) }],
  [
    'a map with keys of any kind',
    new Map<unknown, unknown>([
      ['text', 1],
      [2, new Date(3)],
      [{ deep: true }, new Map([[1n, undefined]])],
      [Number.NaN, null],
    ]),
  ],
  ['a set', new Set<unknown>(['a', 1, Number.NaN, { b: new Set([1]) }])],
  [
    'typed arrays and an array buffer',
    {
      bytes: new Uint8Array([0, 127, 255]),
      clamped: new Uint8ClampedArray([1, 255]),
      signed: new Int16Array([-32_768, 32_767]),
      words: new Uint32Array([0, 2 ** 32 - 1]),
      floats: new Float64Array([Number.NaN, -0, Math.PI]),
      singles: new Float32Array([0.5]),
      longs: new BigInt64Array([-(2n ** 63n)]),
      empty: new Uint8Array(),
      part: new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
      buffer: new Uint8Array([9, 8]).buffer,
    },
  ],
  [
    'objects that look like the encoding itself',
    {
      a: { $date: 5 },
      b: { $map: [] },
      c: { $: 1 },
      d: { $object: { $value: 'NaN' } },
      e: { $value: undefined },
    },
  ],
  ['an object whose keys begin with a dollar', { $set: { x: 1 }, $inc: { n: new Date(1) } }],
  ['an own key named __proto__', { held: withOwnPrototypeKey, list: [withOwnPrototypeKey, new Date(1)] }],
  ['halves of surrogate pairs', { high: '\ud800', low: 'x\udfff', 'key\udc00': 1, whole: '🦀' }],
  ['keys that look like numbers', { 2: 'b', 1: 'a', '01': 'c', '-1': 'd', '': 'e' }],
  ['nesting', { a: [{ b: [{ c: [{ d: new Set([[new Map([['e', -0]])]]) }] }] }] }],
  ['accents that stand alone', { e: 'e\u0301', é: 'é', 'e\u0301': 1 }],
  ['a long text', 'ä'.repeat(100_000)],
  ['an error', Object.assign(new RangeError('no', { cause: new Error('why') }), { code: 'E_NO' })],
];

/** Payloads come back exactly, and what could not is refused with the path to it. */
export function payloadContract(check: CheckBackend): void {
  check(
    'a payload comes back as the same value of the same type, in data and in metadata',
    async ({ store }) => {
      for (const [what, value] of kept) {
        await store.append(what, [{ type: 'kept', data: value, metadata: { value } }]);

        const [event] = await collect(store.read(what));

        assert.deepEqual(event?.data, value, what);
        assert.deepEqual(event?.metadata, { value }, what);
      }
    },
  );

  check('an invalid date comes back as one', async ({ store }) => {
    await store.append('s', [{ type: 'kept', data: { never: new Date(Number.NaN) } }]);

    const [event] = await collect(store.read('s'));

    // Older versions of Node.js take no two of them for the same.
    const never = (event?.data as { never: unknown } | undefined)?.never;
    assert.ok(never instanceof Date);
    assert.ok(Number.isNaN(never.getTime()));
  });

  check('a payload is kept as it was when append was called', async ({ store }) => {
    const data = { list: [1], at: new Date(1) };
    const appended = store.append('s', [{ type: 'kept', data }]);
    data.list.push(2);
    data.at.setTime(2);
    await appended;

    const [event] = await collect(store.read('s'));

    assert.deepEqual(event?.data, { list: [1], at: new Date(1) });
  });

  check('two reads give two copies', async ({ store }) => {
    await store.append('s', [{ type: 'kept', data: { list: [1] } }]);
    const [one] = await collect(store.read('s'));
    assert.ok(one);
    (one.data as { list: number[] }).list.push(2);

    const [two] = await collect(store.read('s'));

    assert.deepEqual(two?.data, { list: [1] });
  });

  refusalContract(check);
}

class Money {
  readonly cents = 5;
}

function refusalContract(check: CheckBackend): void {
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  const refused: [what: string, value: unknown][] = [
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a cycle', cycle],
    ['an instance of a class', new Money()],
    ['a promise', Promise.resolve()],
    ['a regular expression', /x/],
    ['an array with a hole', Object.assign(new Array(3), { 0: 1, 2: 3 })],
    ['an object with a symbol as key', { [Symbol('k')]: 1 }],
  ];
  check(
    'a value that cannot be kept is refused with the path to it, and nothing is written',
    async ({ store }) => {
      for (const [what, value] of refused) {
        const events = [{ type: 'fine' }, { type: 'kept', data: { steps: [0, { run: value }] } }];

        const error = await failureOf('HOLDFAST_ERR_PAYLOAD_INVALID', () => store.append(what, events));

        assert.ok(error.path.startsWith('events[1].data.steps[1].run'), `${what}: ${error.path}`);
        assert.ok(error.message.includes(error.path), error.message);
      }
      assert.equal((await store.stats()).events, 0);
    },
  );

  check('what cannot be kept is refused in metadata and in snapshots too', async ({ store }) => {
    const inMetadata = await failureOf('HOLDFAST_ERR_PAYLOAD_INVALID', () =>
      store.append('s', [{ type: 'kept', metadata: { log: () => 1 } }]),
    );
    const inSnapshot = await failureOf('HOLDFAST_ERR_PAYLOAD_INVALID', () =>
      store.saveSnapshot('s', { version: 1, state: new Map([['a', Symbol('s')]]) }),
    );

    assert.equal(inMetadata.path, 'events[0].metadata.log');
    assert.equal(inSnapshot.path, 'snapshot.state.get(a)');
    const { events, snapshots } = await store.stats();
    assert.deepEqual({ events, snapshots }, { events: 0, snapshots: 0 });
  });

  check(
    'metadata that is nested too deeply to be looked into fails nobody but its own append',
    async ({ store }) => {
      let deepest: unknown = 1;
      for (let level = 1; level < 1_000; level++) deepest = [deepest];
      let deep: unknown = 1;
      for (let level = 0; level < 350; level++) deep = new Map([['deep', deep]]);
      const append = (stream: string, value: unknown) =>
        store.append(stream, [{ type: 'kept', data: { value }, metadata: { value } }]);

      const [before, refused, after] = await Promise.allSettled([
        append('a', deepest),
        failureOf('HOLDFAST_ERR_PAYLOAD_INVALID', () => append('b', deep)),
        append('c', 1),
      ]);

      assert.deepEqual([before.status, refused.status, after.status], Array(3).fill('fulfilled'));
      assert.equal((await store.stats()).events, 2);
    },
  );

  check('a payload of the largest size is kept, and large metadata', async ({ store }) => {
    const largest = 'x'.repeat(16 * 1024 * 1024 - 64);
    const large = 'y'.repeat(1024 * 1024);
    await store.append('s', [{ type: 'kept', data: largest, metadata: { large } }]);

    const [event] = await collect(store.read('s'), 1);

    // Not by `equal`, which would print them.
    assert.ok(event?.data === largest, 'the data is another one');
    assert.ok(event.metadata['large'] === large, 'the metadata is another one');
  });

  check('a payload over the limit is refused with its size and the limit', async ({ store }) => {
    const error = await failureOf('HOLDFAST_ERR_PAYLOAD_TOO_LARGE', () =>
      store.append('s', [{ type: 'kept', data: 'x'.repeat(17 * 1024 * 1024) }]),
    );

    assert.ok(error.size > error.limit);
    assert.equal((await store.stats()).events, 0);
  });
}
