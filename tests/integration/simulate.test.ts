import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setInterval as everyMs, setTimeout as sleep } from 'node:timers/promises';
import { addressOf, defineAggregate } from 'holdfast';
import { defineContainer, servicesOf } from 'holdfast/container';
import { outcomes, type SimulationOptions, simulate, simulations, specify } from 'holdfast/testing';
import { expect, onTestFinished, test } from 'vitest';
import { assign, fromPromise, setup } from 'xstate';
import { runChild } from '../support/child-program.ts';
import { codedError } from '../support/coded-error.ts';
import { allFaults, makeCouriers } from '../support/courier.ts';
import { timed } from '../support/fixtures/unsupported.ts';
import { times } from '../support/thorough.ts';

const { scenario } = makeCouriers({ addressOf, defineAggregate });
const troubled = (seed: number): SimulationOptions => ({ ...scenario(seed), steps: 25, faults: allFaults });

const tally = defineAggregate('tally', {
  machine: setup({
    types: {} as { context: { sum: number }; events: { type: 'added'; by: number } },
  }).createMachine({
    context: { sum: 0 },
    on: {
      added: {
        guard: ({ event }) => event.by > 0,
        actions: assign({ sum: ({ context, event }) => context.sum + event.by }),
      },
    },
  }),
});

const textOf = (trace: readonly object[]): string => trace.map((record) => JSON.stringify(record)).join('\n');

test('the same seed gives the same trace, byte for byte and in another process, and another seed another', async () => {
  const first = await simulate({ ...troubled(7), steps: 12 });
  const again = await simulate({ ...troubled(7), steps: 12 });
  const other = await simulate({ ...troubled(8), steps: 12 });
  const child = await runChild('simulate.ts', ['7']);
  const faked = await runChild('simulate.ts', ['7', '--fake-timers']);

  expect(textOf(again.trace)).toBe(textOf(first.trace));
  expect(child.lines.join('\n')).toBe(textOf(first.trace));
  expect(faked.lines.join('\n')).toBe(textOf(first.trace));
  expect(textOf(other.trace)).not.toBe(textOf(first.trace));
  expect(first.trace.length).toBeGreaterThan(30);
});

test('whatever goes wrong, the runtime keeps its promises, and every kind of fault takes place', async () => {
  const { faults } = await simulations({ ...troubled(1), runs: times(4, 300) });

  expect(Object.keys(faults).sort()).toEqual(Object.keys(allFaults).sort());
});

test('a script lets time pass, crashes what it likes, and sees what is durable', async () => {
  const { trace, states, elapsedMs } = await simulate({
    seed: 1,
    definitions: [tally],
    async script({ send, advance, crashHosts, crashProcess, passivate, setClock, fillDisk, ...world }) {
      await send(tally, 'a', { type: 'added', by: 2 });
      crashHosts(tally, 'a');
      await send(tally, 'a', { type: 'added', by: 3 });
      passivate();
      fillDisk(2);
      const underway = send(tally, 'a', { type: 'added', by: 5 });
      await advance(7_200_000);
      setClock(-3_600_000);
      await crashProcess();
      expect((await underway).version).toBe(3);
      expect(world.state(tally, 'a')?.context.sum).toBe(10);
      expect(world.state(tally, 'b')).toBeUndefined();
      await expect(send(tally, 'a', { type: 'added', by: 0 })).rejects.toEqual(
        codedError('HOLDFAST_ERR_EVENT_REJECTED'),
      );
    },
  });

  expect(states['tally/a']).toMatchObject({ version: 3, context: { sum: 10 } });
  expect(elapsedMs).toBeGreaterThan(7_200_000);
  const whats = trace.map(({ what }) => what);
  expect(whats).toEqual(
    expect.arrayContaining(['send', 'append', 'answer', 'fault', 'crash', 'refusal', 'end']),
  );
  expect(whats.filter((what) => what === 'start')).toHaveLength(2);
});

test('work that is invoked sees the time and the chance of the simulation, and so does every timer', async () => {
  const seen: unknown[] = [];
  const clerk = defineAggregate('clerk', {
    machine: setup({
      actors: {
        look: fromPromise(async () => {
          await sleep(500);
          await new Promise((resolve) => setImmediate(resolve));
          seen.push([new Date().getFullYear(), Math.random(), crypto.randomUUID(), performance.now() >= 500]);
          return Date.now();
        }),
      },
    }).createMachine({
      initial: 'idle',
      states: { idle: { on: { look: 'looking' } }, looking: { invoke: { src: 'look', onDone: 'idle' } } },
    }),
  });
  const run = () =>
    simulate({
      seed: 3,
      definitions: [clerk],
      script: ({ send, settle }) => send(clerk, 'a', { type: 'look' }).then(() => settle()),
    });

  await run();
  // What wraps time and chance for good must not be in the way.
  specify(clerk).given([]).when({ type: 'look' }).thenState({ value: 'looking' });
  await run();
  await run();

  expect(seen[0]).toEqual([2030, expect.any(Number), expect.any(String), true]);
  expect(seen.slice(1)).toEqual([seen[0], seen[0]]);
});

test('work that takes turns of an interval has them in virtual time, and is waited for', async () => {
  const turns: number[] = [];
  const aborted: unknown[] = [];
  const clerk = defineAggregate('clerk', {
    machine: setup({
      actors: {
        look: fromPromise(async () => {
          const before = performance.now();
          for await (const turn of everyMs(20_000, 'turn')) {
            // What takes long misses no turn.
            await sleep(turns.length === 1 ? 45_000 : 5);
            expect(turn).toBe('turn');
            if (turns.push(Math.floor((performance.now() - before) / 1_000)) === 5) break;
          }
          const signal = AbortSignal.timeout(50);
          for await (const _ of everyMs(60_000, undefined, { signal })) aborted.push('never');
        }),
      },
    }).createMachine({
      initial: 'idle',
      states: {
        idle: { on: { look: 'looking' } },
        looking: {
          invoke: {
            src: 'look',
            onDone: 'idle',
            onError: { target: 'idle', actions: ({ event }) => aborted.push(event.error) },
          },
        },
      },
    }),
  });
  const { states, elapsedMs } = await simulate({
    seed: 3,
    definitions: [clerk],
    script: ({ send }) => send(clerk, 'a', { type: 'look' }),
  });

  expect(states['clerk/a']?.state).toBe('idle');
  expect(turns).toEqual([20, 85, 85, 85, 100]);
  expect(aborted).toContainEqual(expect.objectContaining({ name: 'AbortError', code: 'ABORT_ERR' }));
  expect(elapsedMs).toBeGreaterThan(100_000);
});

test('a failure names its seed, its invariant and its task, and how to see it again', async () => {
  const options: SimulationOptions = {
    seed: 5,
    definitions: [tally],
    steps: 20,
    faults: { hostCrash: 0.01 },
    workload: ({ send }) => void send(tally, 'a', { type: 'added', by: 1 }),
    invariants: { 'it stays small': ({ state }) => (state(tally, 'a')?.context.sum ?? 0) < 7 },
  };
  const failure = await simulate(options).catch((error: unknown) => error);

  expect(failure).toEqual(
    codedError('HOLDFAST_ERR_SIMULATION_FAILED', { seed: 5, invariant: 'it stays small' }),
  );
  const { task, replay, trace, message } = failure as {
    readonly task: number;
    readonly replay: string;
    readonly trace: readonly { readonly what: string }[];
    readonly message: string;
  };
  expect(message).toContain(replay);
  expect(trace.at(-2)).toMatchObject({ what: 'append', version: 7, task });
  const [, shown = ''] = /^simulate\((.*), \.\.\. \}\)$/.exec(replay) ?? [];
  const { seed, steps, faults } = new Function(`return (${shown} })`)() as SimulationOptions;
  await expect(
    simulate({ ...options, seed, ...(steps && { steps }), ...(faults && { faults }) }),
  ).rejects.toEqual(
    codedError('HOLDFAST_ERR_SIMULATION_FAILED', { seed: 5, invariant: 'it stays small', task }),
  );
});

test.each(['invariants', 'invariantsAtRest'])('what answers later is no answer: %s', async (when) => {
  const simulation = simulate({
    seed: 1,
    definitions: [tally],
    script: async ({ send }) => void (await send(tally, 'a', { type: 'added', by: 1 })),
    [when]: { 'it stays small': async () => Promise.reject(new Error('nobody hears this')) },
  });

  const failure = codedError('HOLDFAST_ERR_SIMULATION_FAILED', {
    invariant: 'it stays small',
    message: expect.stringContaining('It returned a promise, and has to answer at once'),
  });
  await expect(simulation).rejects.toEqual(failure);
});

test('of many seeds the first that fails is made smaller: no fault that is not needed, and few steps', async () => {
  const failure = simulations({
    seed: 1,
    runs: 50,
    definitions: [tally],
    steps: 12,
    faults: { processCrash: 0.003, hostCrash: 0.02, delayedMessage: 0.1 },
    workload: ({ send, step }) => void send(tally, `${step}`, { type: 'added', by: 1 }),
    // What nobody may count on: that the process lives.
    invariantsAtRest: { 'one process does all': ({ now }) => now < 0 },
  });

  await expect(failure).rejects.toEqual(
    codedError('HOLDFAST_ERR_SIMULATION_FAILED', {
      replay: expect.stringMatching(/^simulate\(\{ seed: 1, steps: 1, (faults: \{\}, )?\.\.\. \}\)$/),
    }),
  );
});

test('outcomes stand for what a machine would ask of the world', async () => {
  const states = new Set<unknown>();
  const order = defineAggregate('order', {
    machine: setup({
      actors: { charge: fromPromise(async () => fetch('https://example.com')) },
    }).createMachine({
      initial: 'open',
      states: {
        open: { on: { pay: 'paying' } },
        paying: { invoke: { src: 'charge', onDone: 'paid', onError: 'declined' } },
        paid: {},
        declined: {},
      },
    }),
  });
  for (let seed = 1; seed <= 6; seed++) {
    const result = await simulate({
      seed,
      definitions: [order],
      actors: {
        order: { charge: outcomes(['charged', new Error('declined'), () => 'charged'], { takesMs: [1, 9] }) },
      },
      script: ({ send }) => send(order, 'a', { type: 'pay' }),
    });
    states.add(result.states['order/a']?.state);
  }

  expect([...states].sort()).toEqual(['declined', 'paid']);
});

test('what waits for the real world is told so', async () => {
  const stalled = codedError('HOLDFAST_ERR_SIMULATION_STALLED', { seed: 1, trace: expect.any(Array) });
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  const caller = defineAggregate('caller', {
    machine: setup({
      actors: {
        call: fromPromise(() => {
          const socket = connect(port, '127.0.0.1');
          sockets.push(socket);
          return once(socket, 'data');
        }),
      },
    }).createMachine({
      initial: 'idle',
      states: { idle: { on: { call: 'calling' } }, calling: { invoke: { src: 'call', onDone: 'idle' } } },
    }),
  });
  const script: SimulationOptions['script'] = ({ send }) => send(caller, 'a', { type: 'call' });

  await expect(simulate({ seed: 1, definitions: [caller], script })).rejects.toEqual(stalled);
  await expect(
    simulate({ seed: 1, definitions: [tally], script: () => new Promise(() => undefined) }),
  ).rejects.toEqual(stalled);
  await expect(
    simulate({ seed: 1, definitions: [tally], tasksMax: 500, script: ({ advance }) => advance(86_400_000) }),
  ).rejects.toEqual(stalled);
});

test('everything is as it was afterwards, and code outside of a simulation does not notice it', async () => {
  const before = [
    Date,
    Date.now,
    Math.random,
    setTimeout,
    setImmediate,
    crypto.randomUUID,
    performance.now,
    AbortSignal.timeout,
  ];
  let outside: readonly number[] = [];
  const watching = (async () => {
    await sleep(1);
    outside = [new Date().getFullYear(), Date.now()];
  })();

  const failing = simulate({
    seed: 1,
    definitions: [tally],
    script: async ({ advance }) => {
      await advance(10);
      throw new Error('of the script');
    },
  });

  await expect(failing).rejects.toMatchObject({
    code: 'HOLDFAST_ERR_SIMULATION_FAILED',
    cause: new Error('of the script'),
  });
  await watching;
  expect([
    Date,
    Date.now,
    Math.random,
    setTimeout,
    setImmediate,
    crypto.randomUUID,
    performance.now,
    AbortSignal.timeout,
  ]).toEqual(before);
  expect(outside[0]).toBe(new Date().getFullYear());
  expect(outside[1]).toBeLessThan(Date.parse('2030-01-01'));
  await expect(readFile(import.meta.filename, 'utf8')).resolves.toContain('outside');
});

test('simulations run one after the other, and none within another', async () => {
  const order: string[] = [];
  const run = (name: string) =>
    simulate({
      seed: 1,
      definitions: [tally],
      script: async ({ advance }) => {
        order.push(`${name} begins`);
        await advance(100);
        order.push(`${name} ends`);
      },
    });

  await Promise.all([run('first'), run('second')]);

  expect(order).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
  await expect(simulate({ seed: 1, definitions: [tally], script: () => run('inner') })).rejects.toMatchObject(
    {
      cause: codedError('HOLDFAST_ERR_OPTION_INVALID'),
    },
  );
});

test('options that make no sense are refused', async () => {
  const good = { seed: 1, definitions: [tally], script: () => undefined };
  const refused: readonly (readonly [object, RegExp])[] = [
    [{ ...good, seed: undefined }, /"seed" is missing/],
    [{ ...good, seed: -1 }, /"seed" must be a whole number/],
    [{ ...good, sed: 1 }, /did you mean "seed"/],
    [{ ...good, definitions: [] }, /"definitions" must be an array/],
    [{ ...good, definitions: [{}] }, /an object, which defineAggregate did not return/],
    [{ ...good, definitions: [tally, tally] }, /two of the "definitions" have the kind "tally"/],
    [{ ...good, workload: () => undefined }, /either a "script" or a "workload"/],
    [{ ...good, script: undefined }, /either a "script" or a "workload"/],
    [{ ...good, steps: 5 }, /"steps" are those of a workload/],
    [{ ...good, faults: { hostCrush: 1 } }, /did you mean "hostCrash"/],
    [{ ...good, faults: { hostCrash: 2 } }, /"hostCrash" must be a probability/],
    [{ ...good, faults: { hostCrash: [0] } }, /"hostCrash" must be a probability/],
    [{ ...good, invariants: { holds: true } }, /"invariants.holds" must be a function/],
    [{ ...good, actors: { tall: {} } }, /did you mean "tally"/],
    [{ ...good, actors: { tally: { job: outcomes([1]) } } }, /"actors.tally.job" is no actor/],
  ];

  for (const [options, message] of refused) {
    await expect(simulate(options as SimulationOptions)).rejects.toMatchObject({
      code: 'HOLDFAST_ERR_OPTION_INVALID',
      message: expect.stringMatching(message),
    });
  }
  await expect(simulate({ ...good, definitions: [timed] })).rejects.toEqual(
    codedError('HOLDFAST_ERR_MACHINE_UNSUPPORTED', { kind: 'timed' }),
  );
  await expect(simulations(good as never)).rejects.toThrow(/"runs" is missing/);
  expect(() => outcomes([])).toThrow(/at least one outcome/);
});

const services = defineContainer()
  .value('fee', 1)
  .lazy('bank', ['fee'], async ({ fee }) => {
    await sleep(5);
    return { charge: (cents: number) => cents + fee };
  });
const bill = defineAggregate('bill', {
  machine: setup({
    types: {} as { context: { paid: number; why: string }; events: { type: 'DUE'; cents: number } },
    actors: {
      charge: fromPromise(async ({ input, self }: { input: number; self: object }) =>
        (await servicesOf(self, services).get('bank')).charge(input),
      ),
    },
    actions: { tell: ({ self }) => servicesOf(self, services).peek('fee') as never },
  }).createMachine({
    context: { paid: 0, why: '' },
    initial: 'open',
    states: {
      open: { on: { DUE: { target: 'paying', actions: 'tell' } } },
      paying: {
        invoke: {
          src: 'charge',
          input: ({ event }) => event.cents,
          onDone: { target: 'paid', actions: assign({ paid: ({ event }) => event.output }) },
          onError: { target: 'open', actions: assign({ why: ({ event }) => String(event.error) }) },
        },
      },
      paid: { type: 'final' },
    },
  }),
});
const billed = (more: Partial<SimulationOptions>): SimulationOptions => ({
  seed: 1,
  definitions: [bill],
  script: async ({ send }) => void (await send(bill, '1', { type: 'DUE', cents: 4 })),
  ...more,
});

test('work and actions of a simulation have the services that it is given, and others in a test', async () => {
  const crashed = { faults: { hostCrash: 0.02 } };
  const real = await simulate(billed({ container: services, ...crashed }));
  const again = await simulate(billed({ container: services, ...crashed }));
  const fake = await simulate(billed({ container: services.with({ fee: 100 }) }));

  expect(real.states['bill/1']).toMatchObject({ state: 'paid', context: { paid: 5 } });
  expect(fake.states['bill/1']).toMatchObject({ state: 'paid', context: { paid: 104 } });
  expect(textOf(again.trace)).toBe(textOf(real.trace));
});

test('a simulation whose container cannot be made says why', async () => {
  const container = defineContainer().eager('mail', () => {
    throw new Error('no mail server');
  });

  await expect(simulate(billed({ container }))).rejects.toThrow('no mail server');
});

test('an action that throws what has no text is in the trace as well', async () => {
  const mute = defineAggregate('mute', {
    machine: setup({
      actions: {
        tell: () => {
          throw Object.create(null);
        },
      },
    }).createMachine({ initial: 'on', states: { on: { on: { TELL: { actions: 'tell' } } } } }),
  });
  const { trace } = await simulate({
    seed: 1,
    definitions: [mute],
    script: async ({ send }) => void (await send(mute, '1', { type: 'TELL' })),
  });

  expect(trace.find(({ what }) => what === 'action-failed')).toMatchObject({ actor: 'mute/1', type: 'tell' });
});

test('an action that fails for want of services is in the trace, since nobody else hears of it', async () => {
  const { trace, states } = await simulate(billed({}));

  expect(states['bill/1']?.context).toMatchObject({ why: expect.stringContaining('servicesOf') });
  expect(trace.find(({ what }) => what === 'action-failed')).toMatchObject({
    actor: 'bill/1',
    type: 'tell',
    error: expect.stringContaining('servicesOf'),
  });
  await expect(simulate(billed({ container: {} as never }))).rejects.toThrow(
    codedError('HOLDFAST_ERR_OPTION_INVALID'),
  );
});
