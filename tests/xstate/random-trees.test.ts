import fc from 'fast-check';
import { test } from 'vitest';
import { spawnChild, stopChild } from 'xstate';
import { bump, does, raises, sends, spawns, tellsParent } from '../support/statechart-actions.ts';
import { chart } from '../support/statechart-chart.ts';
import { runEverywhere } from '../support/statechart-run.ts';
import { advance, type ScriptStep, send } from '../support/statechart-step.ts';
import type { World } from '../support/statechart-world.ts';
import { times } from '../support/thorough.ts';

const actKinds = [
  'bump',
  'do',
  'raiseLater',
  'toChild',
  'toChildLater',
  'toParent',
  'spawnMachine',
  'spawnPromise',
  'spawnNameless',
] as const;
type Act = (typeof actKinds)[number];

interface StateSpec {
  readonly entry: readonly Act[];
  readonly exit: readonly Act[];
  /** Where the events lead, and what is done on the way. */
  readonly a: { readonly to: number; readonly acts: readonly Act[]; readonly reenter: boolean };
  readonly b: { readonly acts: readonly Act[] };
  readonly after: { readonly ms: number; readonly to: number } | null;
  readonly work: 'promise' | 'machine' | null;
}

const acts = fc.array(fc.constantFrom(...actKinds), { maxLength: 3 });
const to = fc.integer({ min: 0, max: 2 });
const state: fc.Arbitrary<StateSpec> = fc.record({
  entry: acts,
  exit: acts,
  a: fc.record({ to, acts, reenter: fc.boolean() }),
  b: fc.record({ acts }),
  after: fc.option(fc.record({ ms: fc.constantFrom(11, 23), to })),
  work: fc.option(fc.constantFrom('promise', 'machine')),
});
const level = fc.array(state, { minLength: 3, maxLength: 3 });

const workNames = [0, 1].flatMap((depth) => ['k', 's0', 's1', 's2'].map((place) => `${depth} ${place}`));
const settle = (name: string, how: 'resolve' | 'reject'): ScriptStep => ({
  kind: 'world',
  what: `${name} ${how}s`,
  act: (world) => {
    if (world.begun.includes(name)) world.to(name, (work) => work[how]?.(how));
  },
});
const step: fc.Arbitrary<ScriptStep> = fc.oneof(
  fc.constantFrom(send('A'), send('B'), send('TO_CHILD_A'), send('TO_CHILD_B')),
  fc.constantFrom(advance(7), advance(13), advance(30)),
  fc
    .tuple(fc.constantFrom(...workNames), fc.constantFrom('resolve' as const, 'reject' as const))
    .map((of) => settle(...of)),
);

/** There is always a child of this name, which may have ended. */
const toChild = (type: string, later: { delay?: number } = {}) => sends('k', { type }, later);

/** A machine of three states, which may have machines of three states below it. */
function machineOf(
  levels: readonly (readonly StateSpec[])[],
  world: World,
  depth = 0,
): ReturnType<typeof chart> {
  const [own = [], ...below] = levels;
  const child =
    below.length > 0
      ? machineOf(below, world, depth + 1)
      : chart({ context: { n: 0 }, on: { PING: { actions: bump('n') } } });
  const actionOf = (act: Act, where: string): object | object[] => {
    switch (act) {
      case 'bump':
        return bump('n');
      case 'do':
        return does(world, `${depth} ${where}`);
      case 'raiseLater':
        return raises({ type: 'PING' }, { delay: 7 });
      case 'toChild':
        return toChild('PING');
      case 'toChildLater':
        return toChild('PING', { delay: 13 });
      case 'toParent':
        return depth === 0 ? bump('n') : tellsParent({ type: 'PING' });
      case 'spawnMachine':
        return [stopChild('k'), spawnChild('child', { id: 'k' })];
      case 'spawnPromise':
        return [stopChild('k'), spawnChild('promise', { id: 'k', input: { as: `${depth} k` } })];
      case 'spawnNameless':
        return spawns('nameless', 'child');
    }
  };
  const all = (list: readonly Act[], where: string) => list.flatMap((act) => actionOf(act, where));
  const stateOf = ({ entry, exit, a, b, after, work }: StateSpec, index: number) => {
    const id = `s${index}`;
    const src = work === 'promise' ? 'promise' : 'child';
    const invoke = {
      id: `w${index}`,
      src,
      input: { as: `${depth} ${id}` },
      onDone: { actions: bump('n') },
      onError: `s${(index + 1) % 3}`,
    };
    return {
      entry: all(entry, `enter ${id}`),
      exit: all(exit, `exit ${id}`),
      on: {
        A: { target: `s${a.to}`, reenter: a.reenter, actions: all(a.acts, `A in ${id}`) },
        B: { actions: all(b.acts, `B in ${id}`) },
      },
      ...(after === null ? {} : { after: { [after.ms]: `s${after.to}` } }),
      ...(work === null ? {} : { invoke }),
    };
  };
  return chart(
    {
      context: { n: 0, nameless: null },
      entry: spawnChild('child', { id: 'k' }),
      initial: 's0',
      states: Object.fromEntries(own.map((spec, index) => [`s${index}`, stateOf(spec, index)])),
      on: {
        PING: { actions: bump('n') },
        TO_CHILD_A: { actions: toChild('A') },
        TO_CHILD_B: { actions: toChild('B') },
        'xstate.error.actor.*': { actions: bump('n') },
      },
    },
    { actors: { child, promise: world.promise('p') } },
  );
}

test('random trees of machines, promises and timers are where XState would be, however they are treated', async () => {
  await fc.assert(
    fc.asyncProperty(
      level,
      level,
      fc.array(step, { minLength: 1, maxLength: 10 }),
      async (outer, inner, script) => {
        await runEverywhere((world) => machineOf([outer, inner], world), script);
      },
    ),
    { numRuns: times(12, 60) },
  );
});
