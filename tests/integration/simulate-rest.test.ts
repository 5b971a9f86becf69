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

const trial = defineAggregate('trial', {
  machine: setup({ types: {} as { events: { type: 'begin' } } }).createMachine({
    initial: 'none',
    states: {
      none: { on: { begin: 'running' } },
      running: { after: { [20 * 3_600_000]: 'over' } },
      over: { type: 'final' },
    },
  }),
});

test('one timer that is far away keeps nothing from resting until it rings', async () => {
  const { states, tasks } = await simulate({
    seed: 1,
    definitions: [trial],
    script: async ({ send }) => void (await send(trial, 'x', { type: 'begin' })),
  });
  expect(states['trial/x']).toMatchObject({ state: 'over' });
  // A look a minute, as far as nobody can tell the difference: the clock is looked at each second.
  expect(tasks).toBeLessThan(20 * 3_600);
});

test('whoever advances by nothing in a loop waits for what others do', async () => {
  await simulate({
    seed: 1,
    definitions: [trial],
    script: async ({ send, advance, runtime }) => {
      await send(trial, 'x', { type: 'begin' });
      const read = runtime.actor(trial, 'x').snapshot();
      let isRead = false;
      void read.then(() => (isRead = true));
      // Bounded, since a loop without a turn of others would never end.
      for (let n = 0; n < 1_000 && !isRead; n++) await advance(0);
      expect(isRead).toBe(true);
    },
  });
});

test('time passes however long it is to, and what is no time is refused', async () => {
  // All of a month takes more tasks than these.
  const month = simulate({
    seed: 1,
    definitions: [trial],
    tasksMax: 2_000,
    script: ({ advance }) => advance(30 * 24 * 3_600_000),
  });
  await expect(month).rejects.toThrow('it did not end within 2000 tasks');
  const wrong: ((world: SimulatedWorld) => unknown)[] = [
    ({ advance }) => advance(-1),
    ({ advance }) => advance('1h' as never),
    ({ settle }) => settle(Number.NaN),
    ({ setClock }) => setClock('2030' as never),
    ({ fillDisk }) => fillDisk(-1),
  ];
  for (const script of wrong) {
    const simulation = simulate({
      seed: 1,
      definitions: [trial],
      script: async (world) => void (await script(world)),
    });
    await expect(simulation, String(script)).rejects.toThrow(/takes a number.*, got/);
  }
});
