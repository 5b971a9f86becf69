import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import type { HoldfastErrorOf } from '../../runtime/errors/holdfast-error.ts';
import {
  type ModelStep,
  type Outcome,
  propertyTest,
  replay,
  type SystemUnderTest,
  testPaths,
} from '../../runtime/testing/index.ts';

const lamp = setup({
  types: {} as { context: { switched: number }; events: { type: 'SWITCH' } | { type: 'BREAK' } },
}).createMachine({
  id: 'lamp',
  initial: 'off',
  context: { switched: 0 },
  on: { BREAK: '.broken' },
  states: {
    off: {
      on: { SWITCH: { target: 'on', actions: assign({ switched: ({ context }) => context.switched + 1 }) } },
    },
    on: { on: { SWITCH: 'off' }, after: { 1000: 'off' } },
    broken: {},
  },
});

interface Lamp {
  isOn: boolean;
  isBroken: boolean;
  switched: number;
}

/** A lamp that is no machine, and what a fault does to it. */
function lampSystem(onFault: (lamp: Lamp) => void = () => undefined): SystemUnderTest & { open: number } {
  const system = {
    open: 0,
    faults: ['power-cut'],
    async begin() {
      system.open++;
      const state: Lamp = { isOn: false, isBroken: false, switched: 0 };
      return {
        take: async (step: ModelStep): Promise<Outcome> => {
          if (state.isBroken && 'type' in step && step.type === 'SWITCH') return { accepted: false };
          if ('type' in step && step.type === 'BREAK') state.isBroken = true;
          else state.isOn = !state.isOn;
          if ('type' in step && step.type === 'SWITCH' && state.isOn) state.switched++;
          return { accepted: true };
        },
        fault: async () => onFault(state),
        observe: async () => ({
          state: state.isBroken ? 'broken' : state.isOn ? 'on' : 'off',
          context: { switched: state.switched },
        }),
        end: async () => {
          system.open--;
        },
      };
    },
  };
  return system;
}

const options = { oracles: ['no-throw'], seed: 1 } as const;

async function failureOf(testing: Promise<unknown>) {
  const error = await testing.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code: 'HOLDFAST_ERR_PROPERTY_FAILED', kind: 'sut' });
  return error as HoldfastErrorOf<'HOLDFAST_ERR_PROPERTY_FAILED'>;
}

test('a system that does as the machine does holds, and every instance of it is ended', async () => {
  const sut = lampSystem();
  await propertyTest(lamp, { ...options, sut });
  await testPaths(lamp, { oracles: [], sut });
  expect(sut.open).toBe(0);
});

test('what a fault breaks is found with the fault among the fewest steps, and replay finds it again', async () => {
  const sut = lampSystem((state) => {
    state.switched = 0;
  });
  const failure = await failureOf(propertyTest(lamp, { ...options, sut }));
  expect(failure.steps).toEqual([{ type: 'SWITCH' }, { fault: 'power-cut' }]);
  expect(failure).toMatchObject({
    property: 'context',
    why: expect.stringContaining('switched is 0 instead of 1'),
  });
  const again = await failureOf(
    replay(lamp, [{ type: 'SWITCH' }, { fault: 'power-cut' }], { oracles: [], sut }),
  );
  expect(again.steps).toEqual(failure.steps);
  expect(sut.open).toBe(0);
});

test('a system that accepts what the machine does not, or throws, differs from it', async () => {
  const careless = lampSystem();
  const accepting: SystemUnderTest = {
    begin: async (beginning) => {
      const instance = await careless.begin(beginning);
      return {
        ...instance,
        take: async (step, taking) => ({ ...(await instance.take(step, taking)), accepted: true }),
      };
    },
  };
  const failure = await failureOf(propertyTest(lamp, { ...options, sut: accepting }));
  expect(failure).toMatchObject({ property: 'outcome', steps: [{ type: 'BREAK' }, { type: 'SWITCH' }] });
  const throwing: SystemUnderTest = {
    begin: async (beginning) => ({
      ...(await careless.begin(beginning)),
      take: () => Promise.reject(new RangeError('out of order')),
    }),
  };
  const thrown = await failureOf(propertyTest(lamp, { ...options, sut: throwing }));
  expect(thrown).toMatchObject({ why: 'It failed: out of order', cause: expect.any(RangeError) });
  expect(thrown.steps).toHaveLength(1);
});

test('without a system, faults are no steps; what is no system is refused', async () => {
  const { steps } = await replay(lamp, [{ fault: 'power-cut' }, { type: 'SWITCH' }], { oracles: [] });
  expect(steps).toMatchObject([{ step: { type: 'SWITCH' } }]);
  await expect(propertyTest(lamp, { sut: {} as never })).rejects.toMatchObject({
    code: 'HOLDFAST_ERR_OPTION_INVALID',
  });
});

test('a signal ends a comparison, and what was begun is ended', async () => {
  const stop = new AbortController();
  const sut = lampSystem(() => stop.abort(new Error('enough')));
  await expect(propertyTest(lamp, { ...options, sut, signal: stop.signal })).rejects.toThrow('enough');
  expect(sut.open).toBe(0);
});
