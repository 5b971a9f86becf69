import { expect, test } from 'vitest';
import { createMachine, fromPromise, setup } from 'xstate';
import { z } from 'zod';
import { addressOf } from '../../actors/definitions/address-of.ts';
import { defineAggregate } from '../../actors/definitions/define-aggregate.ts';
import { idempotencyKeyOf } from '../../actors/definitions/idempotency-key-of.ts';
import { resolveOptions } from '../../runtime/options.ts';
import { defineProjection } from '../../runtime/projections/define-projection.ts';
import { defineReactor } from '../../runtime/projections/define-reactor.ts';
import { toQueryValues } from '../../runtime/projections/projection-options.ts';
import { parseAddress, toAddress } from '../../runtime/protocol/address.ts';
import { encode } from '../../runtime/protocol/codec.ts';
import { limits } from '../../runtime/protocol/limits.ts';
import { checkKey, checkName, checkWhole, describe as show } from '../../runtime/protocol/names.ts';
import { checkOptions, checkWholeOption } from '../../runtime/protocol/options.ts';

const argumentInvalid = expect.objectContaining({ code: 'HOLDFAST_ERR_ARGUMENT_INVALID' });
const optionInvalid = expect.objectContaining({ code: 'HOLDFAST_ERR_OPTION_INVALID' });

test.each(['', 'a\u0000', 'a\tb', 'a\u007f', '\ud800', 'x'.repeat(513), 5, null, undefined, {}])(
  '%j is no name',
  (name) => {
    expect(() => checkName('The name', name)).toThrow(argumentInvalid);
    expect(() => checkKey('The key', name)).toThrow(argumentInvalid);
  },
);

test.each(['a', ' ', 'a b', '日本', '🦀', '__proto__', "'; drop table", 'x'.repeat(512)])(
  '%j is a name',
  (name) => {
    expect(() => checkName('The name', name)).not.toThrow();
  },
);

test('a key is shorter than a name', () => {
  expect(() => checkKey('The key', 'x'.repeat(limits.keyLengthMax))).not.toThrow();
  expect(() => checkKey('The key', 'x'.repeat(limits.keyLengthMax + 1))).toThrow(argumentInvalid);
});

test('a message about a wrong value shows it and stays short', () => {
  expect(() => checkWhole('after', 1.5)).toThrow('after must be a whole number of at least 0, got 1.5.');
  expect(show('x'.repeat(500)).length).toBeLessThan(70);
  expect([null, undefined, 5n, [], {}, () => 1, true, Symbol('s')].map(show)).toEqual([
    'null',
    'undefined',
    '5n',
    'an empty array',
    'an object',
    'a function',
    'true',
    'a symbol',
  ]);
  expect([new URL('a:b'), new Uint8Array(), new Error()].map(show)).toEqual([
    'a URL',
    'a Uint8Array',
    'an Error',
  ]);
});

test('options that are unknown or no object are refused, with the likely name', () => {
  expect(() => checkOptions('read', { limt: 1 }, ['after', 'limit'])).toThrow(
    'read has no option "limt"; did you mean "limit"? It takes after, limit. [HOLDFAST_ERR_OPTION_INVALID]',
  );
  expect(() => checkOptions('read', { colour: 1 }, ['after'])).toThrow(optionInvalid);
  const likeEmpty = [
    new AbortController().signal,
    Promise.resolve({}),
    new Date(),
    new Map(),
    new URL('a:b'),
  ];
  for (const wrong of [null, 5, 'x', [], ...likeEmpty])
    expect(() => checkOptions('read', wrong, [])).toThrow(optionInvalid);
  expect(() => checkOptions('read', Promise.resolve({}), ['after'])).toThrow('(after), got a Promise.');
  class Options {
    readonly after = 1;
    readonly [Symbol.toStringTag] = 'Options';
  }
  for (const right of [{}, Object.create(null), new Options()])
    expect(() => checkOptions('read', right, ['after'])).not.toThrow();
});

test('a number option is whole and within its range, or left out', () => {
  for (const wrong of [-1, 11, 1.5, Number.NaN, '5', null]) {
    expect(() => checkWholeOption('open', 'size', wrong, 0, 10)).toThrow(optionInvalid);
  }
  for (const right of [0, 10, undefined]) {
    expect(() => checkWholeOption('open', 'size', right, 0, 10)).not.toThrow();
  }
});

test('a revoked proxy is no options, and named', () => {
  for (const target of [{}, []]) {
    const { proxy, revoke } = Proxy.revocable(target, {});
    revoke();
    expect(() => checkOptions('read', proxy, ['signal'])).toThrow(/got a revoked Proxy/);
    expect(() => checkOptions('read', proxy, ['signal'])).toThrow(optionInvalid);
  }
  expect([[], [1]].map(show)).toEqual(['an empty array', 'an array']);
});

test('a signal is an AbortSignal or left out', () => {
  for (const signal of [{}, null, 'abort', 5])
    expect(() => checkOptions('read', { signal }, ['signal'])).toThrow(optionInvalid);
  for (const signal of [undefined, new AbortController().signal])
    expect(() => checkOptions('read', { signal }, ['signal'])).not.toThrow();
});

test('who is told of progress is a function or left out', () => {
  for (const onProgress of [{}, null, 'log', 5])
    expect(() => checkOptions('verify', { onProgress }, ['onProgress'])).toThrow(optionInvalid);
  for (const onProgress of [undefined, () => undefined])
    expect(() => checkOptions('verify', { onProgress }, ['onProgress'])).not.toThrow();
});

test('an address has a kind without a slash and an id that may have some', () => {
  expect(toAddress('document', 'a/b')).toBe('document/a/b');
  expect(parseAddress('document/a/b')).toEqual({ kind: 'document', id: 'a/b' });
  for (const wrong of ['', 'document', '/a', 'document/']) {
    expect(() => parseAddress(wrong)).toThrow(argumentInvalid);
  }
  expect(() => toAddress('document', '')).toThrow(argumentInvalid);
  expect(() => toAddress('document', 'x'.repeat(510))).toThrow(argumentInvalid);
});

test('an aggregate needs a kind that is a name without a slash, and a machine', () => {
  const machine = {} as never;
  expect(() => defineAggregate('a/b', { machine })).toThrow(argumentInvalid);
  expect(() => defineAggregate('', { machine })).toThrow(argumentInvalid);
  expect(() => defineAggregate('a', { machine })).toThrow(optionInvalid);
  expect(() => defineAggregate('a', { machin: machine } as never)).toThrow('did you mean "machine"?');
});

test.each([async () => [], { input: z.object({}), decide: async () => [] }])(
  'a command that would decide with a promise is refused',
  (command) => {
    const machine = createMachine({});

    expect(() => defineAggregate('a', { machine, commands: { go: command as never } })).toThrow(
      'the command "go" must not be async; invoke what takes time.',
    );
  },
);

test('a projection has tables or a state', () => {
  const on = { '*': () => null };
  const tables = 'create table notes (id)';

  const both = { version: 1, tables, initial: () => null, on };
  expect(() => defineProjection('notes', both as never)).toThrow(
    'takes "tables" (SQL) or "initial" (a function), got both.',
  );
  expect(() => defineProjection('notes', { version: 1, on } as never)).toThrow('got neither.');
  expect(() => defineProjection('notes', 5 as never)).toThrow(optionInvalid);
});

test.each([
  ['an unknown option', { database: 'a.db', modules: [], host: 1 }],
  ['no database', { modules: [] }],
  ['a database that is a number', { database: 5, modules: [] }],
  ['no modules', { database: 'a.db' }],
  ['a module with a relative path', { database: 'a.db', modules: ['./domain.ts'] }],
  ['a module that has no text', { database: 'a.db', modules: [5n] }],
  ['no hosts at all', { database: 'a.db', modules: [], hosts: 0 }],
  ['a fraction of a mailbox', { database: 'a.db', modules: [], mailboxCapacity: 0.5 }],
  ['a policy for full mailboxes that is none', { database: 'a.db', modules: [], mailboxOverflow: 'drop' }],
  ['supervision that is no object', { database: 'a.db', modules: [], supervision: 'one-for-one' }],
  ['an unknown strategy', { database: 'a.db', modules: [], supervision: { strategy: 'one_for_one' } }],
  ['a negative intensity', { database: 'a.db', modules: [], supervision: { intensity: -1 } }],
  ['a period of no time', { database: 'a.db', modules: [], supervision: { periodMs: 0 } }],
  ['an unknown option of supervision', { database: 'a.db', modules: [], supervision: { backOff: {} } }],
  [
    'a longest back-off below the shortest',
    { database: 'a.db', modules: [], supervision: { backoff: { minMs: 10, maxMs: 9 } } },
  ],
  ['jitter of more than all', { database: 'a.db', modules: [], supervision: { backoff: { jitter: 1.1 } } }],
  ['buffers in less memory than they need', { database: 'a.db', modules: [], hostExternalMemoryMb: 1 }],
  ['a time-out longer than timers take', { database: 'a.db', modules: [], commandTimeoutMs: 2 ** 31 }],
])('createRuntime refuses %s', (_what, options) => {
  expect(() => resolveOptions(options as never)).toThrow(optionInvalid);
});

test('options of a query that stand where its values belong are told so, whatever they are', () => {
  const { signal } = new AbortController();
  const values = (sql: string, given: object) => () => toQueryValues('query', sql, { ...given });
  expect(values('select 1', { after: 3 })).toThrow('options come after the values: query(');
  expect(values('select 1', { signal })).toThrow('query(projection, sql, [], { signal })');
  expect(values('select 1', { key: 'id', signal })).toThrow('query(projection, sql, [], { key, signal })');
  expect(values('select :n', { n: 1, after: 3 })).toThrow('options come after the values');
  expect(values('select :n, :after', { n: 1, after: 3 })()).toEqual({ n: 1, after: 3 });
  expect(values('select $n', { n: 1, key: 'of a row' })()).toEqual({ n: 1, key: 'of a row' });
  // SQLite takes any letter for a name.
  expect(values('select :été', { été: 1 })()).toEqual({ été: 1 });
  expect(values('select 1', {})()).toEqual({});
});

test('createRuntime takes modules as URLs and absolute paths, and fills in the defaults', () => {
  const modules = [new URL('file:///a.ts'), 'file:///b.ts', '/c.ts'];

  const resolved = resolveOptions({ database: 'a.db', modules });

  expect(resolved.modules).toEqual(['file:///a.ts', 'file:///b.ts', 'file:///c.ts']);
  expect(resolved).toMatchObject({ mailboxCapacity: 4_096, commandTimeoutMs: 30_000, residentsMax: 100_000 });
  expect(resolved.hosts).toBeGreaterThanOrEqual(1);
  expect(resolved.hosts).toBeLessThanOrEqual(4);
});

test('supervision has defaults for a desktop, and what is given is kept', () => {
  const { supervision } = resolveOptions({ database: 'a.db', modules: [] });
  const given = { strategy: 'rest-for-one', intensity: 3, periodMs: 5, backoff: { maxMs: 20 } } as const;
  const resolved = resolveOptions({ database: 'a.db', modules: [], supervision: given });

  expect(supervision).toEqual({
    strategy: 'one-for-one',
    intensity: 10,
    periodMs: 60_000,
    backoff: { minMs: 50, maxMs: 5_000, jitter: 0.2 },
  });
  expect(resolved.supervision).toEqual({ ...given, backoff: { minMs: 20, maxMs: 20, jitter: 0.2 } });
});

test('an option for an actor that the machine does not declare is refused, with the name that was meant', () => {
  const machine = setup({ actors: { charge: fromPromise(async () => 1) } }).createMachine({});
  const define = (src: string) => () =>
    defineAggregate('order', { machine, actors: { [src]: { onRestart: 'fail' } } });

  expect(define('charge')).not.toThrow();
  expect(define('chrage')).toThrow(
    '"actors.chrage" is no actor that the machine declares. Did you mean "charge"?',
  );
  expect(define('mail')).toThrow(optionInvalid);
});

test('an address needs a kind, also where what was to define it is not there yet', () => {
  for (const wrong of [undefined, null, {}, 5, ''])
    expect(() => addressOf(wrong as never, '1')).toThrow(argumentInvalid);
  expect(() => idempotencyKeyOf(undefined as never)).toThrow(argumentInvalid);
});

test.each([
  { commands: null },
  { commands: { add: undefined } },
  { commands: () => [] },
  { actors: null },
  { events: null },
  { timers: null },
])('a definition with %j is refused', (options) => {
  const machine = setup({}).createMachine({});

  expect(() => defineAggregate('thing', { machine, ...options } as never)).toThrow(optionInvalid);
});

test.each([null, {}, 'thing', [undefined]])('a reactor from %j is refused, as a projection is', (from) => {
  const on = { 'thing.done': () => null };

  expect(() => defineReactor('followed', { from, on } as never)).toThrow(optionInvalid);
  expect(() => defineProjection('followed', { version: 1, initial: () => 0, from, on } as never)).toThrow(
    optionInvalid,
  );
});

test('what cannot be read while it is encoded is refused with why', () => {
  const given = new Uint8Array(8);
  structuredClone(given, { transfer: [given.buffer] });
  const lazy = {
    get title(): string {
      throw new Error('not loaded');
    },
  };

  for (const [value, why] of [
    [{ given }, 'detached'],
    [{ lazy }, 'not loaded'],
  ] as const)
    expect(() => encode(value, 'created')).toThrow(
      expect.objectContaining({
        code: 'HOLDFAST_ERR_PAYLOAD_INVALID',
        message: expect.stringMatching(new RegExp(`^created cannot be read \\(.*${why}`)),
        cause: expect.any(Error),
      }),
    );
});
