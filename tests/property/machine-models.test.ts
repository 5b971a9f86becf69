import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { hunt } from '../mutation/hunt.ts';
import { mutants } from '../mutation/mutants.ts';
import { pageUrl } from '../mutation/mutants-page.ts';
import { mutatedSource } from '../mutation/mutated-machine.ts';
import { machineModels } from '../support/machine-models/all.ts';
import type { Effort } from '../support/machine-models/machine-model.ts';
import { isThorough, testThoroughly } from '../support/thorough.ts';

test('every machine has its model', () => {
  const files = readdirSync(new URL('../../machines/', import.meta.url));

  expect(machineModels.map(({ name }) => `${name}.machine.ts`)).toEqual(files.sort());
});

/** So many runs cover most with the seed, and little time passes. Searches for what should come about take longest. */
const usually: Readonly<Record<string, Effort>> = {
  'circuit-breaker': { numRuns: 30, eventually: {}, coverage: { states: 0.9, transitions: 0.75 } },
  connectivity: { numRuns: 12, eventually: {}, coverage: { states: 0.9, transitions: 0.75 } },
  'host-lifecycle': { numRuns: 30 },
  'runtime-lifecycle': { numRuns: 30 },
  'store-and-forward': { numRuns: 12 },
  supervisor: { numRuns: 30 },
};

test.each(machineModels)('$name holds, and is covered', async ({ name, machine, test: run }) => {
  const { coverage } = await run(machine, { seed: 3, searchMax: 10, ...usually[name] });

  expect(coverage.states.covered).toBeGreaterThan(0);
});

testThoroughly.for(machineModels)(
  '$name holds in runs that nobody has seen, and is covered whole',
  async ({ machine, test: run }) => {
    await run(machine, { numRuns: 500 });
  },
);

test('every planted bug can still be planted, and has its row in the reference', () => {
  expect(() => mutants.map(mutatedSource)).not.toThrow();
  const page = readFileSync(pageUrl, 'utf8');
  const rows = mutants.map(({ machine, name }) => `| ${machine} | ${name} |`);
  expect(rows.filter((row) => !page.includes(row))).toEqual([]);
  expect(page.match(/^\| (?!machine|---)/gm)).toHaveLength(mutants.length);
  expect(() =>
    mutatedSource({ name: 'none', machine: 'supervisor', find: 'no such text', replace: '' }),
  ).toThrow('"none" replaces a text that supervisor holds 0 times, not once.');
});

/** Some that take little time; `npm run mutants` looks for all. */
const quick = mutants.filter(({ name }) =>
  [
    'a holder is held twice',
    'spreads by chance',
    'hangs when it closes while fencing',
    'closes before it has drained',
    'rests without a timer',
    'restarts are noted in place',
  ].includes(name),
);

test.each(isThorough ? mutants : quick)('$machine: $name is found', async (mutant) => {
  expect(await hunt(mutant, 1, 1_000)).toBeDefined();
});
