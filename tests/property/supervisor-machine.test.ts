import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RunningMachine } from '../../actors/steps/running-machine.ts';
import {
  type SupervisedChild,
  type SupervisorEvent,
  type SupervisorInput,
  supervisorMachine,
} from '../../machines/supervisor.machine.ts';

const ids = ['a', 'b', 'c'] as const;

const inputs: fc.Arbitrary<SupervisorInput> = fc.record({
  strategy: fc.constantFrom('one-for-one', 'one-for-all', 'rest-for-one'),
  intensity: fc.integer({ min: 0, max: 5 }),
  periodMs: fc.integer({ min: 1, max: 1_000 }),
  backoff: fc
    .tuple(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 0, max: 400 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
    )
    .map(([minMs, more, jitter]) => ({ minMs, maxMs: minMs + more, jitter })),
  children: fc.tuple(...ids.map((id) => restartType().map((restart) => ({ id, restart })))),
});

function restartType() {
  return fc.constantFrom('permanent', 'permanent', 'transient', 'temporary' as const);
}

/** Something that happens a while after the last one. */
const steps = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 0, max: 300 }),
    type: fc.constantFrom('died', 'died', 'due', 'served' as const),
    child: fc.constantFrom(...ids),
    isNormal: fc.boolean(),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  }),
  { maxLength: 80 },
);

type Step = {
  afterMs: number;
  type: 'died' | 'due' | 'served';
  child: string;
  isNormal: boolean;
  random: number;
};

function eventOf({ type, child, isNormal, random }: Step, at: number): SupervisorEvent {
  if (type === 'died') return { type, child, at, isNormal, random };
  return type === 'due' ? { type, child, at } : { type, child };
}

const childOf = (supervisor: RunningMachine<typeof supervisorMachine>, id: string): SupervisedChild =>
  supervisor.context.children.find((child) => child.id === id) as SupervisedChild;

const mayDie = ({ state }: SupervisedChild): boolean => state !== 'escalated' && state !== 'stopped';

/** Walks through the steps and shows each event with the child before and after it. */
function walk(
  input: SupervisorInput,
  walked: readonly Step[],
  look: (seen: {
    event: SupervisorEvent;
    at: number;
    before: SupervisedChild;
    after: SupervisedChild;
  }) => void,
): RunningMachine<typeof supervisorMachine> {
  const supervisor = new RunningMachine(supervisorMachine, input);
  let at = 0;
  for (const step of walked) {
    at += step.afterMs;
    const event = eventOf(step, at);
    const before = childOf(supervisor, step.child);
    supervisor.send(event);
    look({ event, at, before, after: childOf(supervisor, step.child) });
  }
  return supervisor;
}

test('within any period a child is restarted at most as often as its intensity', () => {
  fc.assert(
    fc.property(inputs, steps, (input, walked) => {
      const restarts = new Map<string, number[]>();
      walk(input, walked, ({ event, before, after }) => {
        if (event.type === 'served')
          restarts.set(after.id, after.restarts.length === 0 ? [] : (restarts.get(after.id) ?? []));
        if (event.type !== 'died' || (after.state !== 'up' && after.state !== 'backing-off')) return;
        if (!mayDie(before)) return;
        const all = [...(restarts.get(after.id) ?? []), after.until];
        restarts.set(after.id, all);
        const within = all.filter((restart) => restart > event.at - input.periodMs);
        expect(within.length).toBeLessThanOrEqual(input.intensity);
      });
    }),
  );
});

test('no wait is longer than the longest back-off, and none ends before it began', () => {
  fc.assert(
    fc.property(inputs, steps, (input, walked) => {
      walk(input, walked, ({ event, at, before, after }) => {
        if (event.type !== 'died' || !mayDie(before) || after.state === 'stopped') return;
        expect(after.until).toBeGreaterThanOrEqual(at);
        expect(after.until - at).toBeLessThanOrEqual(input.backoff.maxMs);
        if (after.state !== 'backing-off') return;
        const { minMs, jitter } = input.backoff;
        expect(after.until - at).toBeGreaterThanOrEqual(minMs * (1 - jitter) - 1e-6);
      });
    }),
  );
});

test('one death more than the intensity allows within a period escalates, and nothing before does', () => {
  fc.assert(
    fc.property(inputs, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (input, random) => {
      const children = [{ id: 'a', restart: 'permanent' as const }];
      const supervisor = new RunningMachine(supervisorMachine, { ...input, periodMs: 1_000_000, children });
      let at = 0;
      for (let death = 1; death <= input.intensity; death++) {
        supervisor.send({ type: 'died', child: 'a', at, isNormal: false, random });
        expect(childOf(supervisor, 'a').state).not.toBe('escalated');
        at = childOf(supervisor, 'a').until;
        supervisor.send({ type: 'due', child: 'a', at });
      }

      supervisor.send({ type: 'died', child: 'a', at, isNormal: false, random });

      expect(childOf(supervisor, 'a')).toMatchObject({ state: 'escalated', until: at + input.backoff.maxMs });
      expect(supervisor.state).toEqual({ supervising: 'failing' });
    }),
  );
});

test('the first restart is immediate, and again after a quiet period', () => {
  fc.assert(
    fc.property(inputs, fc.integer({ min: 0, max: 10_000 }), (given, quietMs) => {
      const children = [{ id: 'a', restart: 'permanent' as const }];
      const input = { ...given, intensity: Math.max(1, given.intensity), children };
      const supervisor = new RunningMachine(supervisorMachine, input);
      let at = 5;
      for (let round = 0; round < 3; round++) {
        supervisor.send({ type: 'died', child: 'a', at, isNormal: false, random: 0.5 });
        expect(childOf(supervisor, 'a')).toMatchObject({ state: 'up', until: at });
        at += input.periodMs + quietMs;
      }
    }),
  );
});

test('a child that has escalated runs only when it is due, and is trusted only after it has served', () => {
  fc.assert(
    fc.property(inputs, steps, (input, walked) => {
      walk(input, walked, ({ event, at, before, after }) => {
        if (before.state === 'escalated' && after.state !== 'escalated') {
          expect(event.type).toBe('due');
          expect(at).toBeGreaterThanOrEqual(before.until);
          expect(after.state).toBe('half-open');
        }
        if (before.state === 'half-open' && after.state !== 'half-open') {
          if (event.type === 'died') expect(['escalated', 'stopped']).toContain(after.state);
          else expect(after).toMatchObject({ state: 'up', restarts: [] });
        }
      });
    }),
  );
});

test('a temporary child is never restarted, and a transient one only after an abnormal end', () => {
  fc.assert(
    fc.property(inputs, steps, (input, walked) => {
      walk(input, walked, ({ event, before, after }) => {
        if (event.type !== 'died' || !mayDie(before)) return;
        const ends = after.restart === 'temporary' || (after.restart === 'transient' && event.isNormal);
        if (ends) expect(after.state).toBe('stopped');
        if (after.restart === 'permanent') expect(after.state).not.toBe('stopped');
      });
    }),
  );
});

test.each([
  ['one-for-one', ['up', 'backing-off', 'up']],
  ['one-for-all', ['backing-off', 'backing-off', 'backing-off']],
  ['rest-for-one', ['up', 'backing-off', 'backing-off']],
] as const)('%s decides who waits with a child that dies a second time', (strategy, states) => {
  const supervisor = new RunningMachine(supervisorMachine, {
    strategy,
    intensity: 10,
    periodMs: 60_000,
    backoff: { minMs: 50, maxMs: 5_000, jitter: 0 },
    children: ids.map((id) => ({ id, restart: 'permanent' as const })),
  });

  for (const at of [0, 10]) supervisor.send({ type: 'died', child: 'b', at, isNormal: false, random: 0 });

  expect(supervisor.context.children.map(({ state }) => state)).toEqual(states);
  expect(childOf(supervisor, 'b').until).toBe(60);
  expect(supervisor.state).toEqual({ supervising: 'degraded' });
});

test.each([
  ['at once', 1, 'half-open'],
  ['later', 2, 'escalated'],
] as const)(
  'a child is still to be tried after a sibling has died that is restarted %s',
  (_, deaths, state) => {
    const supervisor = new RunningMachine(supervisorMachine, {
      strategy: 'rest-for-one',
      intensity: 3,
      periodMs: 1_000,
      backoff: { minMs: 50, maxMs: 5_000, jitter: 0 },
      children: ids.map((id) => ({ id, restart: 'permanent' as const })),
    });
    const died = (child: string, at: number): boolean =>
      supervisor.send({ type: 'died', child, at, isNormal: false, random: 0 });
    for (let death = 0; death < 4; death++) died('c', 0);
    supervisor.send({ type: 'due', child: 'c', at: 5_000 });

    for (let death = 0; death < deaths; death++) died('a', 6_000);
    expect(childOf(supervisor, 'c').state).toBe(state);
    supervisor.send({ type: 'due', child: 'c', at: 6_050 });

    expect(childOf(supervisor, 'c').state).toBe('half-open');
  },
);

test('back-off doubles with every restart within the period, up to its maximum', () => {
  const supervisor = new RunningMachine(supervisorMachine, {
    strategy: 'one-for-one',
    intensity: 10,
    periodMs: 60_000,
    backoff: { minMs: 50, maxMs: 500, jitter: 0 },
    children: [{ id: 'a', restart: 'permanent' }],
  });
  const waits: number[] = [];
  for (let at = 0; waits.length < 7; at = childOf(supervisor, 'a').until) {
    supervisor.send({ type: 'died', child: 'a', at, isNormal: false, random: 0 });
    waits.push(childOf(supervisor, 'a').until - at);
    supervisor.send({ type: 'due', child: 'a', at: childOf(supervisor, 'a').until });
  }

  expect(waits).toEqual([0, 50, 100, 200, 400, 500, 500]);
});

test('a closed supervisor decides nothing any more, and an unknown child is not accepted', () => {
  fc.assert(
    fc.property(inputs, steps, (input, walked) => {
      const supervisor = walk(input, walked, () => undefined);
      expect(supervisor.send({ type: 'died', child: 'x', at: 0, isNormal: false, random: 0 })).toBe(false);

      supervisor.send({ type: 'close' });

      expect(supervisor.state).toBe('closed');
      for (const step of walked) expect(supervisor.send(eventOf(step, 1e6))).toBe(false);
    }),
  );
});
