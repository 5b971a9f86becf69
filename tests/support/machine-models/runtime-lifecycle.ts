import { runtimeLifecycleMachine } from '../../../machines/runtime-lifecycle.machine.ts';
import { defineModel } from '../../../runtime/testing/index.ts';
import { machineModel } from './machine-model.ts';

const way = ['opening', 'running', 'draining', 'closing', 'closed'];

export const runtimeLifecycle = machineModel('runtime-lifecycle', runtimeLifecycleMachine, defineModel, {
  steps: {
    'it goes its way one by one, or fails': ({ value }, _, after) =>
      after.value === 'failed' || way.indexOf(after.value) === way.indexOf(value) + 1,
    'it has failed with a failure, and only then': (_, step, after) =>
      (after.value === 'failed') === ('type' in step && step.type === 'failed'),
    'it ends when it has failed or is closed': (_, __, after) =>
      (after.status === 'done') === ['closed', 'failed'].includes(after.value),
  },
  traces: {
    'a failure is passed over only while it closes': (moments) =>
      moments.every(
        ({ step, outcome, before }) =>
          !('type' in step && step.type === 'failed' && outcome === 'refused') ||
          before.value === 'closing' ||
          before.status === 'done',
      ),
  },
  eventually: { 'it can end': ({ status }) => status === 'done' },
  coverage: { states: 1, transitions: 1 },
});
