import { defineAggregate } from 'holdfast';
import { type SimulatedWorld, simulate, simulations } from 'holdfast/testing';
import { expect, test } from 'vitest';
import { setup } from 'xstate';

const clock = defineAggregate('clock', {
  machine: setup({ types: {} as { events: { type: 'start' } } }).createMachine({
    initial: 'off',
    states: {
      off: { on: { start: 'on' } },
      on: { on: { start: 'on' }, after: { 1000: { target: 'on', reenter: true } } },
    },
  }),
});
const begin = async ({ send }: SimulatedWorld) => void (await send(clock, 'wall', { type: 'start' }));
const world = { seed: 1, definitions: [clock], tasksMax: 20_000 };

test('what ticks for ever is given up early, once, and what ticks is named', async () => {
  const restless = expect.objectContaining({
    code: 'HOLDFAST_ERR_SIMULATION_STALLED',
    timers: 1,
    message: expect.stringMatching(
      /does not come to rest.*timer "xstate.after.1000.*" of clock\/wall.*Set `restMs`/s,
    ),
  });
  await expect(simulate({ ...world, script: begin })).rejects.toEqual(restless);
  await expect(simulations({ ...world, steps: 2, workload: begin, runs: 2 })).rejects.toEqual(restless);
});

test('where it is said how long, it goes on so long and ends', async () => {
  const { elapsedMs } = await simulate({ ...world, script: begin, restMs: 60_000 });
  expect(elapsedMs).toBeGreaterThan(60_000);
});
