import { expect, test } from 'vitest';
import { assign, createMachine, setup } from 'xstate';
import { defineAggregate } from '../../actors/definitions/define-aggregate.ts';
import { fingerprintOf } from '../../actors/definitions/fingerprint.ts';
import type { AnyStateMachine } from '../../actors/xstate-adapter.ts';

const fingerprint = (machine: AnyStateMachine): string =>
  fingerprintOf(defineAggregate('thing', { machine }));

const counter = (by: () => object) =>
  createMachine({ context: { n: 0 }, on: { added: { actions: assign(by as never) } } });

test('the same machine made twice has the same fingerprint', () => {
  expect(fingerprint(counter(() => ({ n: 1 })))).toBe(fingerprint(counter(() => ({ n: 1 }))));
});

test('a machine has the same fingerprint after it has run', () => {
  const machine = counter(() => ({ n: 1 }));
  const before = fingerprint(machine);

  machine.getInitialSnapshot({} as never);

  expect(fingerprint(machine)).toBe(before);
});

const base = { context: { n: 0 }, initial: 'a', states: { a: { on: { go: 'b' } }, b: {} } } as const;
const whole = createMachine(base);

test.each<[what: string, one: AnyStateMachine, other: AnyStateMachine]>([
  ['an assign', counter(() => ({ n: 1 })), counter(() => ({ n: 2 }))],
  [
    'an assign of one property',
    createMachine({ on: { go: { actions: assign({ n: () => 1 }) } } }),
    createMachine({ on: { go: { actions: assign({ n: () => 2 }) } } }),
  ],
  [
    'a guard',
    createMachine({ on: { go: { guard: () => true } } }),
    createMachine({ on: { go: { guard: () => false } } }),
  ],
  [
    'a named action',
    setup({ actions: { add: assign({ n: () => 1 }) } }).createMachine({ entry: 'add' }),
    setup({ actions: { add: assign({ n: () => 2 }) } }).createMachine({ entry: 'add' }),
  ],
  [
    'a named guard',
    setup({ guards: { may: () => true } }).createMachine({ on: { go: { guard: 'may' } } }),
    setup({ guards: { may: () => false } }).createMachine({ on: { go: { guard: 'may' } } }),
  ],
  ['the first context', whole, createMachine({ ...base, context: { n: 1 } })],
  ['the name of a state', whole, createMachine({ ...base, states: { ...base.states, c: {} } })],
  ['where it begins', whole, createMachine({ ...base, initial: 'b' })],
  ['a target', whole, createMachine({ ...base, states: { a: { on: { go: 'a' } }, b: {} } })],
])('machines that differ in %s have different fingerprints', (_what, one, other) => {
  expect(fingerprint(one)).not.toBe(fingerprint(other));
});

test('another input has another fingerprint', () => {
  const machine = createMachine({});
  const one = defineAggregate('thing', { machine, input: (id) => ({ id }) });
  const other = defineAggregate('thing', { machine, input: (id) => ({ id, more: 1 }) });

  expect(fingerprintOf(one)).not.toBe(fingerprintOf(other));
});

test('other upcasters, another migrate and another version have another fingerprint', () => {
  const machine = createMachine({ on: { added: { actions: [() => undefined] } } });
  const base = {
    machine,
    version: 2,
    migrate: () => undefined,
    upcast: { added: [() => ({ by: 1 })] },
  } as const;
  const fingerprints = [
    base,
    { ...base, upcast: { added: [() => ({ by: 2 })] } },
    { ...base, upcast: { added: [() => ({ by: 1 }), () => ({ by: 1 })] } },
    { ...base, migrate: () => ({ state: {}, context: {} }) },
    { ...base, version: 3 },
  ].map((options) => fingerprintOf(defineAggregate('thing', options as never)));

  expect(new Set(fingerprints).size).toBe(fingerprints.length);
});
