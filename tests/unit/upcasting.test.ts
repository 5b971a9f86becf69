import { expect, test } from 'vitest';
import { createMachine } from 'xstate';
import { defineAggregate } from '../../actors/definitions/define-aggregate.ts';
import { HostedDefinition } from '../../actors/definitions/hosted-definition.ts';
import type { AnyUpcastChains } from '../../actors/definitions/upcast.ts';
import type { LoadedStream } from '../../runtime/protocol/load.ts';
import { codedError } from '../support/coded-error.ts';

const machine = createMachine({
  on: { added: { actions: [() => undefined] }, edited: { actions: [() => undefined] } },
});

function hosted(upcast: AnyUpcastChains): HostedDefinition {
  return new HostedDefinition(defineAggregate('thing', { machine, upcast: upcast as never }));
}

/** A page of a stream that begins at version 5 and position 105. */
function page(...events: [type: string, schemaVersion: number, data: unknown][]): LoadedStream {
  return {
    types: events.map(([type]) => type),
    schemaVersions: events.map(([, schemaVersion]) => schemaVersion),
    data: events.map(([, , data]) => JSON.stringify(data)),
    positions: events.map((_, index) => 105 + index),
    version: 4 + events.length,
    head: 'head',
    position: 104 + events.length,
    more: false,
    workOwner: null,
    reply: null,
  };
}

function upcast(chains: AnyUpcastChains, ...events: [type: string, schemaVersion: number, data: unknown][]) {
  const current = hosted(chains).upcasting.page('thing/1', page(...events));
  return current.types.map((type, index) => [
    type,
    JSON.parse(current.data[index] as string),
    current.versionAt(index),
  ]);
}

const plus = (name: string) => (data: unknown) => ({ ...(data as object), [name]: true });

test('an event passes through the rest of its chain, from the version that it was written at', () => {
  const chains = { added: [plus('two'), plus('three')] };

  const current = upcast(chains, ['added', 1, { by: 1 }], ['added', 2, { by: 2 }], ['added', 3, { by: 3 }]);

  expect(current).toEqual([
    ['added', { by: 1, two: true, three: true }, 5],
    ['added', { by: 2, three: true }, 6],
    ['added', { by: 3 }, 7],
  ]);
});

test('new events are written at one more than the length of their chain', () => {
  const { upcasting } = hosted({ added: [plus('two'), plus('three')] });

  expect(upcasting.schemaVersionOf('added')).toBe(3);
  expect(upcasting.schemaVersionOf('edited')).toBe(1);
});

test('a page of current events is handed on as it is', () => {
  const { upcasting } = hosted({ added: [plus('two')] });
  const current = page(['added', 2, {}], ['edited', 1, {}]);

  const { types, data } = upcasting.page('thing/1', current);

  expect(types).toBe(current.types);
  expect(data).toBe(current.data);
});

test('an event can be renamed, split and dropped, and each knows the version that it comes from', () => {
  const chains = {
    revised: [(data: unknown) => [{ ...(data as object), type: 'edited' }]],
    imported: [
      () => [
        { type: 'added', by: 1 },
        { type: 'edited', body: 'x' },
      ],
    ],
    viewed: [() => []],
  };

  const current = upcast(chains, ['viewed', 1, {}], ['imported', 1, {}], ['revised', 1, { body: 'y' }]);

  expect(current).toEqual([
    ['added', { by: 1 }, 6],
    ['edited', { body: 'x' }, 6],
    ['edited', { body: 'y' }, 7],
  ]);
});

test('a renamed event passes through the whole chain of its new type, and a part of it through the rest of its own', () => {
  const chains = {
    revised: [plus('first'), (data: unknown) => [{ ...(data as object), type: 'edited' }]],
    edited: [plus('second'), plus('third')],
    added: [
      (data: unknown) => (data as { all: number[] }).all.map((by) => ({ type: 'added', by })),
      plus('last'),
    ],
  };

  const current = upcast(chains, ['revised', 1, {}], ['added', 1, { all: [1, 2] }]);

  expect(current).toEqual([
    ['edited', { first: true, second: true, third: true }, 5],
    ['added', { by: 1, last: true }, 6],
    ['added', { by: 2, last: true }, 6],
  ]);
});

test.each<[what: string, upcaster: (data: unknown) => unknown, why: RegExp]>([
  ['throws', () => JSON.parse('no JSON'), /not valid JSON/],
  ['forgets to return', () => undefined, /returned undefined/],
  ['answers later', async () => ({}), /returned a promise/],
  ['fails later', () => Promise.reject(new Error('later')), /returned a promise/],
  ['fails later with some', () => [Promise.reject(new Error('later'))], /returned a promise/],
  ['returns a text', () => 'text', /returned "text"/],
  ['returns what cannot be kept', () => ({ by: () => 1 }), /added\.by is a function/],
  ['returns an event outside of an array', () => ({ type: 'edited' }), /return it in an array/],
  ['returns an array of something else', () => [1], /what is no event: 1/],
  ['returns an event of XState', () => [{ type: 'xstate.init' }], /what is no event/],
  ['returns an event of Holdfast', () => [{ type: 'holdfast.fired' }], /what is no event/],
])('an upcaster that %s is named with the event', (_what, upcaster, why) => {
  expect(() => upcast({ added: [plus('two'), upcaster] }, ['edited', 1, {}], ['added', 1, {}])).toThrow(
    codedError('HOLDFAST_ERR_UPCAST_FAILED', {
      stream: 'thing/1',
      version: 6,
      position: 106,
      eventType: 'added',
      schemaVersion: 1,
      message: expect.stringMatching(why),
    }) as never,
  );
});

test('upcasters that rename in a circle are noticed', () => {
  const chains = { added: [() => [{ type: 'edited' }]], edited: [() => [{ type: 'added' }]] };

  expect(() => upcast(chains, ['added', 1, {}])).toThrow(/in a circle/);
});

test('an event of a newer schema version is refused, with what is known', () => {
  expect(() => upcast({ added: [plus('two')] }, ['added', 3, {}])).toThrow(
    codedError('HOLDFAST_ERR_EVENT_NEWER', {
      stream: 'thing/1',
      version: 5,
      position: 105,
      eventType: 'added',
      found: 3,
      supported: 2,
    }) as never,
  );
});

test('an event that no state knows is kept whatever its schema version, since it cannot be misread', () => {
  expect(upcast({}, ['gone', 7, { by: 1 }])).toEqual([['gone', { by: 1 }, 5]]);
});

test('what Holdfast and XState have journaled for themselves is not touched', () => {
  const events: [string, number, unknown][] = [
    ['holdfast.timer', 4, { at: 1 }],
    ['xstate.done.actor.x', 1, { output: 1 }],
  ];

  expect(upcast({ added: [plus('two')] }, ['added', 1, {}], ...events).slice(1)).toEqual([
    ['holdfast.timer', { at: 1 }, 6],
    ['xstate.done.actor.x', { output: 1 }, 7],
  ]);
});

test('each reading gets a payload of its own, which an upcaster may change', () => {
  const chains = {
    added: [
      (data: unknown) => {
        (data as { all: number[] }).all.push(2);
        return data;
      },
    ],
  };
  const definition = hosted(chains);
  const stored = page(['added', 1, { all: [1] }]);

  const first = definition.upcasting.page('thing/1', stored).data;
  const second = definition.upcasting.page('thing/1', stored).data;

  expect(second).toEqual(first);
  expect(first).toEqual(['{"all":[1,2]}']);
});

test.each<[what: string, upcast: unknown, why: RegExp]>([
  ['no object', [], /must be an object of chains/],
  ['a function instead of a chain', { added: () => ({}) }, /must be an array of functions/],
  ['a chain of something else', { added: [1] }, /must be an array of functions/],
  ['a type of XState', { 'xstate.init': [] }, /reserved/],
  ['a type of Holdfast', { 'holdfast.fired': [] }, /reserved/],
  ['every type', { '*': [] }, /reserved/],
])('defineAggregate refuses %s', (_what, chains, why) => {
  expect(() => hosted(chains as never)).toThrow(
    codedError('HOLDFAST_ERR_OPTION_INVALID', { message: expect.stringMatching(why) }) as never,
  );
});
