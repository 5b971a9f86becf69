import { hostLifecycleMachine } from '../../../machines/host-lifecycle.machine.ts';
import { defineModel, type ModelStep, type Moment } from '../../../runtime/testing/index.ts';
import { machineModel } from './machine-model.ts';

type HostMoment = Moment<typeof hostLifecycleMachine>;

const typeOf = ({ step }: HostMoment): string => ('type' in step ? step.type : '');
const isOf = (moment: HostMoment, type: string): boolean =>
  typeOf(moment) === type && moment.outcome === 'accepted';

/** A thread ends when it has begun, and is fenced off when it has ended. */
function hasLast(type: string, past: readonly ModelStep[]): boolean {
  const last = past.findLast(
    (step) => 'type' in step && ['start', 'exited', 'fenced'].includes(step.type as string),
  );
  return last !== undefined && 'type' in last && last.type === type;
}

const modelOf = (machine: typeof hostLifecycleMachine) =>
  defineModel(machine, {
    when: {
      exited: (_, past) => hasLast('start', past),
      fenced: (_, past) => hasLast('exited', past),
    },
  });

export const hostLifecycle = machineModel('host-lifecycle', hostLifecycleMachine, modelOf, {
  steps: {
    'the generation counts the threads': ({ context }, step, after) => {
      const isStart = 'type' in step && step.type === 'start';
      return after.context.generation === context.generation + (isStart ? 1 : 0);
    },
    'it runs only once its thread has said so': (before, step, after) =>
      !after.matches('running') || ('type' in step && step.type === 'started' && before.matches('starting')),
    'what closes starts nothing any more': (before, _, after) =>
      !before.matches('closing') || after.matches('closing') || after.matches('closed'),
  },
  traces: {
    'a thread starts only when the one before it has ended and is fenced off': (moments) => {
      let thread: 'none' | 'alive' | 'unfenced' = 'none';
      for (const moment of moments) {
        if (isOf(moment, 'start')) {
          if (thread !== 'none') return false;
          thread = 'alive';
        } else if (isOf(moment, 'exited') && thread === 'alive') thread = 'unfenced';
        else if (isOf(moment, 'fenced')) thread = 'none';
      }
      return true;
    },
    'it is closed only when no thread lives': (moments) => {
      let isAlive = false;
      for (const moment of moments) {
        if (isOf(moment, 'start')) isAlive = true;
        if (isOf(moment, 'exited')) isAlive = false;
        if (moment.after.status === 'done' && isAlive) return false;
      }
      return true;
    },
    'the end of a thread, and a close, are never passed over': (moments) => {
      let isAlive = false;
      for (const moment of moments) {
        const isRefused = moment.outcome === 'refused';
        if (isRefused && typeOf(moment) === 'exited' && isAlive) return false;
        const mayClose = moment.before.status === 'active' && !moment.before.matches('closing');
        if (isRefused && typeOf(moment) === 'close' && mayClose) return false;
        if (isOf(moment, 'start')) isAlive = true;
        if (isOf(moment, 'exited')) isAlive = false;
      }
      return true;
    },
  },
  eventually: {
    'it can be closed': ({ status }) => status === 'done',
    'a thread can run, unless it closes': (state) =>
      state.matches('running') || state.matches('closing') || state.status === 'done',
  },
  coverage: { states: 1, transitions: 1 },
});
