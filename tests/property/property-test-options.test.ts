import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { defineModel, propertyTest } from '../../runtime/testing/index.ts';

const counter = setup({
  types: {} as { context: { n: number }; events: { type: 'ADD'; by: number } },
}).createMachine({
  context: { n: 0 },
  on: { ADD: { actions: assign({ n: ({ context, event }) => context.n + event.by }) } },
});
const events = { ADD: fc.record({ by: fc.nat(9) }) };

async function refusal(options: object): Promise<unknown> {
  return propertyTest(counter, { numRuns: 5, ...options } as never).then(
    () => 'it was taken',
    (error: Error & { code: string }) => `${error.code} ${error.message}`,
  );
}

test.each([
  [{ invariants: () => false }, '"invariants" must be an object of functions by name, got a function'],
  [{ steps: [() => false] }, '"steps" must be an object of functions by name, got an array'],
  [{ eventually: null }, '"eventually" must be an object of functions by name, got null'],
  [{ events: [{ by: 1 }] }, '"events" must be an object, got an array'],
  [{ outcomes: () => ({}) }, '"outcomes" must be an object, got a function'],
  [{ weights: { ADD: -1 } }, '"weights.ADD" must be a number of at least 0, got -1'],
  [{ weights: { ADD: Number.NaN } }, '"weights.ADD" must be a number of at least 0, got NaN'],
  [{ mayEnd: true }, '"mayEnd" must be a function of the state, got true'],
  [{ onProgress: 'yes' }, '"onProgress" must be a function, got "yes"'],
])('%o is refused', async (options, message) => {
  const told = await refusal(options);
  expect(told).toContain('HOLDFAST_ERR_OPTION_INVALID');
  expect(told).toContain(message);
});

test.each([
  [fc.nat(9), /^\d$/],
  [[1], /^1$/],
  [() => 7, /^7$/],
  [() => Promise.resolve({ by: 1 }), /promise/],
  [fc.constant([1]), /array/],
])('a payload that is no object is refused, not left out: %o', async (ADD, got) => {
  const told = String(await refusal({ events: { ADD } }));
  expect(told).toContain('"events.ADD" must give objects such as { amount: 1 }');
  expect(told.match(/got (?:an? )?(.+?)\. /)?.[1]).toMatch(got);
});

test('what answers later is no answer', async () => {
  await expect(refusal({ events, when: { ADD: async () => false } })).resolves.toMatch(
    /HOLDFAST_ERR_OPTION_INVALID.*"when.ADD" returned a promise/,
  );
  await expect(refusal({ events, eventually: { 'never seen': async () => false } })).resolves.toMatch(
    /HOLDFAST_ERR_PROPERTY_FAILED[\s\S]*It returned a promise/,
  );
});

test('an event may come without a payload', async () => {
  const model = defineModel(counter, { events: { ADD: () => undefined as never } });
  await expect(propertyTest(model, { numRuns: 2, oracles: [] })).resolves.toMatchObject({ runs: 2 });
});

test('payloads that could never be sent are refused, and now and then one is not', async () => {
  const machine = setup({ types: {} as { events: { type: 'SET'; value: unknown } } }).createMachine({
    on: { SET: { actions: () => undefined } },
  });
  const test = (value: fc.Arbitrary<unknown>) =>
    propertyTest(machine, { seed: 1, numRuns: 5, events: { SET: fc.record({ value }) } });
  await expect(test(fc.constant(() => 1))).rejects.toThrow(
    '"events.SET" gives nothing that could be sent: payload.value is a function and cannot be kept exactly',
  );
  await test(fc.constantFrom(() => 1, 2));
});
