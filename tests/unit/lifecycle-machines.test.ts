import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RunningMachine } from '../../actors/steps/running-machine.ts';
import { hostLifecycleMachine } from '../../machines/host-lifecycle.machine.ts';
import { runtimeLifecycleMachine } from '../../machines/runtime-lifecycle.machine.ts';

const hostEvents = fc.array(fc.constantFrom('start', 'started', 'exited', 'fenced', 'close'), {
  maxLength: 40,
});
const runtimeEvents = fc.array(fc.constantFrom('opened', 'failed', 'close', 'drained', 'closed'), {
  maxLength: 20,
});

test('the generation of a host grows by one with every thread and never shrinks', () => {
  fc.assert(
    fc.property(hostEvents, (types) => {
      const host = new RunningMachine(hostLifecycleMachine);
      for (const type of types) {
        const { generation: before } = host.context;
        const starts = host.state === 'absent' && type === 'start';

        host.send({ type });

        expect(host.context.generation).toBe(starts ? before + 1 : before);
      }
    }),
  );
});

test('a thread of a host is started only while there is none, and after the last one was fenced', () => {
  fc.assert(
    fc.property(hostEvents, (types) => {
      const host = new RunningMachine(hostLifecycleMachine);
      let isAlive = false;
      let isFenced = true;
      for (const type of types) {
        const accepted = host.send({ type });
        if (!accepted) continue;
        if (type === 'start') {
          expect({ isAlive, isFenced }).toEqual({ isAlive: false, isFenced: true });
          [isAlive, isFenced] = [true, false];
        }
        if (type === 'exited') isAlive = false;
        if (type === 'fenced') isFenced = true;
        if (host.state === 'running') expect(isAlive).toBe(true);
        if (host.state === 'absent') expect(isAlive).toBe(false);
      }
    }),
  );
});

test('a closed host stays closed and accepts nothing', () => {
  fc.assert(
    fc.property(hostEvents, hostEvents, (before, after) => {
      const host = new RunningMachine(hostLifecycleMachine);
      for (const type of [...before, 'close', 'exited', 'fenced'] as const) host.send({ type });

      expect(host.state).toBe('closed');
      for (const type of after) expect(host.send({ type })).toBe(false);
      expect(host.state).toBe('closed');
    }),
  );
});

test('a runtime leaves no final state, and reaches closed only through draining and closing', () => {
  fc.assert(
    fc.property(runtimeEvents, (types) => {
      const runtime = new RunningMachine(runtimeLifecycleMachine);
      const visited: unknown[] = [runtime.state];
      for (const type of types) {
        const before = runtime.state;

        const accepted = runtime.send({ type });

        if (before === 'closed' || before === 'failed') expect(accepted).toBe(false);
        if (accepted) visited.push(runtime.state);
        else expect(runtime.state).toBe(before);
      }
      if (runtime.state === 'closed') {
        expect(visited).toEqual(['opening', 'running', 'draining', 'closing', 'closed']);
      }
      if (visited.includes('draining'))
        expect(visited.indexOf('draining')).toBeGreaterThan(visited.indexOf('running'));
    }),
  );
});

test.each([
  ['opening', [], 'failed'],
  ['running', ['opened'], 'failed'],
  ['draining', ['opened', 'close'], 'failed'],
  ['closing', ['opened', 'close', 'drained'], 'closing'],
] as const)('a failure while it is %s, after %j, leads to %s', (_while, path, after) => {
  const runtime = new RunningMachine(runtimeLifecycleMachine);
  for (const type of path) runtime.send({ type });

  runtime.send({ type: 'failed' });

  expect(runtime.state).toBe(after);
});

test('events that do not fit are not accepted and change nothing', () => {
  const runtime = new RunningMachine(runtimeLifecycleMachine);

  expect(runtime.send({ type: 'drained' })).toBe(false);
  expect(runtime.state).toBe('opening');
});
