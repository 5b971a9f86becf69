import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { HoldfastErrorOf } from 'holdfast';
import { lazy } from 'holdfast/container';
import {
  defineModel,
  propertyTest,
  type RuntimeFault,
  replay,
  runtimeFaults,
  runtimeSut,
  type SystemUnderTest,
  testPaths,
} from 'holdfast/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ChildProgram } from '../support/child-program.ts';
import { codedError } from '../support/coded-error.ts';
import { meter, meterThat } from '../support/fixtures/meter.ts';
import { order as fixtureOrder } from '../support/fixtures/order.ts';
import { note } from '../support/fixtures/post.ts';
import { fakes } from '../support/fixtures/post-fakes.ts';
import { till } from '../support/fixtures/till.ts';
import { testThoroughly, times } from '../support/thorough.ts';

type Failure = HoldfastErrorOf<'HOLDFAST_ERR_PROPERTY_FAILED'>;

const runtimeOf = (module: string, faults: readonly RuntimeFault[] = []) =>
  runtimeSut({ modules: [new URL(`../support/fixtures/${module}.ts`, import.meta.url)], faults, hosts: 1 });

/** The same system, whose process serves several tests and ends with this one. */
function keptOpen(sut: SystemUnderTest): SystemUnderTest {
  onTestFinished(() => sut.close?.());
  const { faults = [], amidFaults = [] } = sut;
  return { faults, amidFaults, begin: (beginning) => sut.begin(beginning) };
}

const meterModel = defineModel(meter, { events: { SET: fc.record({ by: fc.nat(100) }) } });

const tillModel = defineModel(till, {
  events: {
    ADD: fc.record({ count: fc.integer({ min: 1, max: 9 }) }),
    PAY: fc.record({ cents: fc.nat(1_000) }),
  },
  commands: { addTwice: fc.record({ count: fc.integer({ min: 1, max: 9 }) }) },
  outcomes: {
    gateway: { done: ['receipt'], error: [new Error('declined')] },
    ticker: { send: [{ type: 'TICK' }] },
  },
});

async function failureOf(testing: Promise<unknown>): Promise<Failure> {
  const error = await testing.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code: 'HOLDFAST_ERR_PROPERTY_FAILED', kind: 'sut' });
  return error as Failure;
}

test('a definition with work, timers, a child machine, chance and commands does in a runtime what its model does, whatever goes wrong', async () => {
  const report = await propertyTest(tillModel, {
    oracles: [],
    seed: 4,
    numRuns: times(2, 100),
    maxSteps: times(12, 30),
    sut: runtimeOf('till', runtimeFaults),
  });
  expect(report.steps).toBeGreaterThan(10);
});

test('a module that differs in one transition is found, and what it takes is shown', async () => {
  const options = { oracles: [], seed: 1, numRuns: 20, maxSteps: 6 } as const;
  const failure = await failureOf(propertyTest(meterModel, { ...options, sut: runtimeOf('meter-wrong') }));
  const add = { type: 'ADD' };
  expect(failure.steps).toEqual([{ type: 'OPEN' }, add, add, add]);
  expect(failure).toMatchObject({
    property: 'context',
    why: expect.stringContaining('box.n is 4 instead of 3'),
  });
  expect(failure.replay).toContain('{ ...properties, sut });');
});

test('what is lost in a passivation is found, with that among the steps, and replay finds it again', async () => {
  const options = { oracles: [], seed: 1, numRuns: 20, maxSteps: 6 } as const;
  const sut = keptOpen(runtimeOf('meter-in-memory', ['passivate']));
  const failure = await failureOf(propertyTest(meterModel, { ...options, sut }));
  const steps = [{ type: 'OPEN' }, { type: 'ADD' }, { fault: 'passivate' }, { type: 'ADD' }] as const;
  expect(failure.steps).toEqual(steps);
  expect(failure.message).toContain("3. { fault: 'passivate' }");
  const again = await failureOf(replay(meterModel, steps, { oracles: [], sut }));
  expect(again).toMatchObject({ property: 'context', steps });
});

test('what is lost in a crash of a host is found by the steps that show it, and holds without the crash', async () => {
  const sut = keptOpen(runtimeOf('meter-in-module', ['host-crash']));
  const steps = [{ type: 'OPEN' }, { type: 'ADD' }, { fault: 'host-crash' }, { type: 'ADD' }] as const;
  const failure = await failureOf(replay(meterModel, steps, { oracles: [], sut }));
  expect(failure).toMatchObject({
    property: 'context',
    why: expect.stringContaining('box.n is 1 instead of 2'),
  });
  await testPaths(meterModel, { oracles: [], abstraction: ({ context }) => context.box.n > 1, sut });
});

testThoroughly('a crash that something is lost in is left in while a failure is made shorter', async () => {
  const options = { oracles: [], seed: 2, numRuns: 20, maxSteps: 15 } as const;
  const sut = runtimeOf('meter-in-module', ['host-crash']);
  const failure = await failureOf(propertyTest(meterModel, { ...options, sut }));
  const steps = failure.steps as readonly { readonly type?: string; readonly fault?: string }[];
  // It may come within the first addition as well as after it.
  expect(steps.map(({ type, fault }) => fault ?? type).toSorted()).toEqual([
    'ADD',
    'ADD',
    'OPEN',
    'host-crash',
  ]);
  expect([steps[0], steps.at(-1)]).toEqual([{ type: 'OPEN' }, { type: 'ADD' }]);
});

test('what cannot be compared is refused, and says why', async () => {
  const refusal = (model: typeof meterModel, sut: SystemUnderTest) =>
    expect(propertyTest(model, { oracles: [], numRuns: 1, sut })).rejects;
  const refused = { code: 'HOLDFAST_ERR_OPTION_INVALID' };
  await refusal(meterModel, runtimeOf('till')).toMatchObject({
    ...refused,
    message: expect.stringContaining(
      'no module exports an aggregate of the kind "meter", which the model is of; they export "till"',
    ),
  });
  const order = defineModel(fixtureOrder) as never;
  await refusal(order, runtimeOf('order', ['passivate', 'host-crash'])).toMatchObject({
    ...refused,
    message: expect.stringContaining('Leave host-crash out of "faults".'),
  });
  const slow = defineModel(meterThat((_, { n }) => ({ n }), 'remaining')) as never;
  await refusal(slow, runtimeOf('meter-in-running-time', ['clock-jump', 'host-crash'])).toMatchObject({
    ...refused,
    message: expect.stringContaining('are "remaining"'),
  });
  expect(() => runtimeSut({ modules: [], faults: ['host-crush' as never] })).toThrow(
    'did you mean "host-crash"?',
  );
});

test('the process and its folder are gone after a comparison, also if the test is killed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-comparison-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  vi.stubEnv('TMPDIR', folder);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const child = new ChildProgram('compare-with-runtime.ts', []);
  await child.printed(1);
  expect(readdirSync(folder)).toHaveLength(1);
  child.kill();
  await child.ended;
  await propertyTest(meterModel, { oracles: [], numRuns: 1, maxSteps: 2, sut: runtimeOf('meter') });

  await vi.waitFor(() => expect(readdirSync(folder)).toEqual([]), { timeout: 10_000 });
});

test('actions of a runtime under test have the services that it is given', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-sut-services-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'letters');
  const modules = ['post', 'post-fakes'].map(
    (name) => new URL(`../support/fixtures/${name}.ts`, import.meta.url),
  );
  const steps = [{ type: 'written' as const, path, text: 'a note' }];

  await replay(note, steps, { sut: keptOpen(runtimeSut({ modules, container: fakes, hosts: 1 })) });
  await expect.poll(() => existsSync(path) && readFileSync(path, 'utf8')).toContain('not a note\n');

  const unexported = runtimeSut({
    modules,
    container: fakes.with({ stamp: lazy(() => 'other') }).value('more', 1),
  });
  await expect(replay(note, steps, { sut: unexported })).rejects.toThrow(
    codedError('HOLDFAST_ERR_OPTION_INVALID', {
      message: expect.stringContaining('no module exports the blueprint'),
    }),
  );
});
