import fc from 'fast-check';
import type { SnapshotFrom } from 'xstate';
import {
  type SupervisedChild,
  type SupervisorContext,
  type SupervisorEvent,
  supervisorMachine,
} from '../../../machines/supervisor.machine.ts';
import { defineModel, type ModelStep, type Moment } from '../../../runtime/testing/index.ts';
import { machineModel } from './machine-model.ts';
import { shares } from './shares.ts';

type Supervisor = SnapshotFrom<typeof supervisorMachine>;
type SupervisorStep = Moment<typeof supervisorMachine>['step'];
type Of<Type extends SupervisorEvent['type']> = Extract<SupervisorEvent, { type: Type }>;

const ids = ['a', 'b', 'c'] as const;
const child = fc.constantFrom(...ids, 'x');

/** The clock of the events never goes back. */
function later(past: readonly ModelStep[]) {
  const last = past.findLast((step) => 'at' in step) as { readonly at: number } | undefined;
  const now = last?.at ?? 0;
  return fc.integer({ min: now, max: now + 500 });
}

const specs = ids.map((id) =>
  fc.record({
    id: fc.constant(id),
    restart: fc.constantFrom('permanent' as const, 'transient' as const, 'temporary' as const),
  }),
);

function modelOf(machine: typeof supervisorMachine) {
  return defineModel(machine, {
    input: fc.record({
      strategy: fc.constantFrom('one-for-one', 'one-for-all', 'rest-for-one'),
      intensity: fc.integer({ min: 0, max: 5 }),
      periodMs: fc.integer({ min: 1, max: 1_000 }),
      backoff: fc
        .tuple(fc.integer({ min: 1, max: 50 }), fc.nat(400), shares)
        .map(([minMs, more, jitter]) => ({ minMs, maxMs: minMs + more, jitter })),
      children: fc.integer({ min: 1, max: 3 }).chain((size) => fc.tuple(...specs.slice(0, size))),
    }),
    events: {
      died: (_: unknown, past: readonly ModelStep[]) =>
        fc.record({
          child,
          at: later(past),
          isNormal: fc.boolean(),
          random: shares,
        }),
      due: (_: unknown, past: readonly ModelStep[]) => fc.record({ child, at: later(past) }),
      served: fc.record({ child }),
    },
    weights: { died: 3 },
  });
}

const childOf = ({ context }: Supervisor, id: string): SupervisedChild | undefined =>
  context.children.find((each) => each.id === id);

const isOf = <Type extends SupervisorEvent['type']>(
  step: SupervisorStep,
  type: Type,
): step is Of<Type> & SupervisorStep => 'type' in step && step.type === type;

/** Whether a child that has died is not to be restarted. */
const isOver = ({ restart }: SupervisedChild, { isNormal }: Of<'died'>): boolean =>
  restart === 'temporary' || (restart === 'transient' && isNormal);

/** Those of a strategy that are restarted with a child. */
function siblingsOf({ strategy, children }: SupervisorContext, id: string): readonly SupervisedChild[] {
  const from = children.findIndex((each) => each.id === id);
  return children.filter(
    ({ id: other, restart, state }, at) =>
      other !== id &&
      restart !== 'temporary' &&
      state !== 'stopped' &&
      (strategy === 'one-for-all' || (strategy === 'rest-for-one' && at > from)),
  );
}

function waitsOf({ backoff: { minMs, maxMs, jitter } }: SupervisorContext, restarts: number, chance: number) {
  let ms = minMs;
  for (let restart = 1; restart < restarts; restart++) ms *= 2;
  return Math.min(maxMs, Math.min(maxMs, ms) * (1 - jitter + 2 * jitter * chance));
}

export const supervisor = machineModel('supervisor', supervisorMachine, modelOf, {
  invariants: {
    'its state tells whether all are up, or all have escalated': (state) => {
      if (state.status === 'done') return state.matches('closed');
      const states = state.context.children.map((each) => each.state);
      if (states.every((each) => each === 'up' || each === 'stopped'))
        return state.matches({ supervising: 'healthy' });
      const isFailing = states.every((each) => each === 'escalated');
      return state.matches({ supervising: isFailing ? 'failing' : 'degraded' });
    },
  },
  steps: {
    'only a child that is there and runs, or may, can die': (before, step) => {
      if (!isOf(step, 'died')) return true;
      const state = childOf(before, step.child)?.state;
      return state === 'up' || state === 'half-open' || state === 'backing-off';
    },
    'a child is let run only when its time has come, and one that escalated only half open': (
      before,
      step,
      after,
    ) => {
      if (!isOf(step, 'due')) return true;
      const [was, is] = [childOf(before, step.child), childOf(after, step.child)];
      if (was === undefined || step.at < was.until) return false;
      return was.state === 'escalated' ? is?.state === 'half-open' : is?.state === 'up';
    },
    'who has served half open is trusted, with all of its budget': (before, step, after) => {
      if (!isOf(step, 'served')) return true;
      const [was, is] = [childOf(before, step.child), childOf(after, step.child)];
      return was?.state === 'half-open' && is?.state === 'up' && is.restarts.length === 0;
    },
    'a temporary child is never restarted, a transient one only after an abnormal end': (
      before,
      step,
      after,
    ) => {
      if (!isOf(step, 'died')) return true;
      const was = childOf(before, step.child);
      const hasStopped = childOf(after, step.child)?.state === 'stopped';
      return was !== undefined && hasStopped === isOver(was, step);
    },
    'who died half open has escalated for the longest wait': (before, step, after) => {
      if (!isOf(step, 'died')) return true;
      const was = childOf(before, step.child);
      if (was?.state !== 'half-open' || isOver(was, step)) return true;
      const is = childOf(after, step.child);
      return is?.state === 'escalated' && is.until === step.at + after.context.backoff.maxMs;
    },
    'those that the strategy names wait with it, for the longer of both waits, and nobody else': (
      before,
      step,
      after,
    ) => {
      if (!isOf(step, 'died')) return true;
      const died = childOf(after, step.child);
      if (died === undefined) return false;
      const siblings = died.state === 'stopped' ? [] : siblingsOf(before.context, step.child);
      for (const was of before.context.children) {
        if (was.id === step.child) continue;
        const is = childOf(after, was.id) as SupervisedChild;
        if (!siblings.includes(was)) {
          if (JSON.stringify(is) !== JSON.stringify(was)) return false;
          continue;
        }
        // Who is tried has not served yet, so the try is still to come.
        const waits = was.state === 'half-open' && died.state !== 'up' ? 'escalated' : was.state;
        const isKept = was.state !== 'up' && (was.state !== 'backing-off' || died.state === 'up');
        const expected = {
          ...was,
          state: isKept ? waits : died.state,
          until: Math.max(was.until, died.until),
        };
        if (JSON.stringify(is) !== JSON.stringify(expected)) return false;
      }
      return true;
    },
    'what is due or has served is one child, and no other changes': (before, step, after) => {
      if (!isOf(step, 'due') && !isOf(step, 'served')) return true;
      return before.context.children.every(
        (was) => was.id === step.child || JSON.stringify(childOf(after, was.id)) === JSON.stringify(was),
      );
    },
  },
  traces: {
    'within any period a child is restarted as often as its intensity, at growing waits, and then escalates':
      (moments) => {
        const restarts = new Map<string, number[]>();
        for (const { step, outcome, before, after } of moments) {
          if (outcome !== 'accepted') continue;
          if (isOf(step, 'served')) restarts.set(step.child, []);
          const was = isOf(step, 'died') ? childOf(before, step.child) : undefined;
          if (was === undefined || !isOf(step, 'died') || was.state === 'half-open' || isOver(was, step))
            continue;
          const { intensity, periodMs, backoff } = after.context;
          const all = restarts.get(was.id) ?? [];
          const recent = all.filter((restart) => restart > step.at - periodMs).length;
          const is = childOf(after, was.id) as SupervisedChild;
          const hasEscalated = recent >= intensity;
          if ((is.state === 'escalated') !== hasEscalated) throw new Error(`${recent} restarts of ${was.id}`);
          const waitMs = recent === 0 ? 0 : waitsOf(after.context, recent, step.random);
          const expectedMs = hasEscalated ? backoff.maxMs : waitMs;
          if (Math.abs(is.until - step.at - expectedMs) > 1e-6)
            throw new Error(`${was.id} waits ${expectedMs} ms`);
          if (!hasEscalated) restarts.set(was.id, [...all, is.until]);
        }
      },
    'a death, a due time and a service are passed over only where they mean nothing': (moments) =>
      moments.every(({ step, outcome, before }) => {
        if (outcome !== 'refused' || before.status === 'done') return true;
        if (isOf(step, 'close')) return false;
        const id = isOf(step, 'died') || isOf(step, 'due') || isOf(step, 'served') ? step.child : '';
        const was = childOf(before, id);
        if (was === undefined) return true;
        if (isOf(step, 'served')) return was.state !== 'half-open';
        if (isOf(step, 'died')) return was.state === 'escalated' || was.state === 'stopped';
        const isWaiting = was.state === 'escalated' || was.state === 'backing-off';
        return !(isWaiting && isOf(step, 'due') && step.at >= was.until);
      }),
  },
  eventually: {
    'everyone can be up again, or it is closed': (state) =>
      state.matches('closed') || state.matches({ supervising: 'healthy' }),
  },
  coverage: { states: 1, transitions: 1 },
});
