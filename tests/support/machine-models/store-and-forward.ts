import fc from 'fast-check';
import type { SnapshotFrom } from 'xstate';
import {
  type QueueContext,
  type QueueStateValue,
  storeAndForwardMachine,
} from '../../../machines/store-and-forward.machine.ts';
import { defineModel } from '../../../runtime/testing/index.ts';
import { machineModel } from './machine-model.ts';

type QueueSnapshot = SnapshotFrom<typeof storeAndForwardMachine>;

const stateOf = ({ value }: QueueSnapshot): QueueStateValue => value as unknown as QueueStateValue;

const mayRun = (snapshot: QueueSnapshot): boolean => {
  const { network } = stateOf(snapshot);
  return network === 'online' || (network === 'degraded' && snapshot.context.onDegraded === 'execute');
};

const networks = fc.constantFrom('online' as const, 'degraded' as const, 'offline' as const);

function modelOf(machine: typeof storeAndForwardMachine) {
  return defineModel(machine, {
    input: fc.record({ onDegraded: fc.constantFrom('execute', 'queue') }),
    events: {
      passEnded: ({ context: { pass } }: { context: QueueContext }) =>
        fc.record({ pass: fc.constantFrom(pass, pass, pass - 1, pass + 1), waitMs: fc.nat(30_000) }),
      networkChanged: fc.record({ status: networks }),
    },
  });
}

export const storeAndForward = machineModel('store-and-forward', storeAndForwardMachine, modelOf, {
  invariants: {
    'a queue that rests looks again by itself, or is wanted': (state, { timers }) =>
      stateOf(state).drain !== 'resting' || timers.length === 1 || state.context.isWanted,
    'it waits only while it rests': (state, { timers }) =>
      timers.length === 0 || stateOf(state).drain === 'resting',
    'nothing that is wanted rests while it may run': (state) =>
      !(stateOf(state).drain === 'resting' && state.context.isWanted && mayRun(state)),
  },
  steps: {
    'a pass begins only where it may, and after the one before': (before, step, after) => {
      const begun = after.context.pass - before.context.pass;
      if (begun === 0) return true;
      const hasEnded = stateOf(before).drain !== 'draining' || ('type' in step && step.type === 'passEnded');
      return begun === 1 && stateOf(after).drain === 'draining' && mayRun(after) && hasEnded;
    },
    'the end of another pass ends nothing': (before, step, after) =>
      !('type' in step && step.type === 'passEnded' && step.pass !== before.context.pass) ||
      (stateOf(after).drain === stateOf(before).drain && after.context.waitMs === before.context.waitMs),
    'the network is what was last heard of it': (before, step, after) =>
      stateOf(after).network ===
      ('type' in step && step.type === 'networkChanged' ? step.status : stateOf(before).network),
    'after a pass it waits as long as it was told': (_, step, after, { timers }) =>
      !('type' in step && step.type === 'passEnded') ||
      stateOf(after).drain !== 'resting' ||
      timers[0]?.delayMs === step.waitMs,
    'it is paused from a pause to a resume': (before, step, after) => {
      const type = 'type' in step ? step.type : '';
      const isPaused = type === 'pause' || (stateOf(before).drain === 'paused' && type !== 'resume');
      return isPaused === (stateOf(after).drain === 'paused');
    },
  },
  traces: {
    'what may have become due is never forgotten': (moments) => {
      let isDue = false;
      for (const { step, before, after } of moments) {
        const type = 'type' in step ? step.type : '';
        const isBack = type === 'networkChanged' && 'status' in step && step.status !== 'offline';
        const isResumed = type === 'resume' && stateOf(before).drain === 'paused';
        if (type === 'drain' || isBack || isResumed || 'timer' in step) isDue = true;
        if (after.context.pass !== before.context.pass) isDue = false;
        if (after.context.isWanted !== isDue) throw new Error(`Something is due: ${isDue}`);
      }
    },
  },
  eventually: { 'it can be drained': (state) => stateOf(state).drain === 'draining' },
  coverage: { states: 1, transitions: 1 },
});
