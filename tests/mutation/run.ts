import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { machineModels } from '../support/machine-models/all.ts';
import { hunt } from './hunt.ts';
import { mutants } from './mutants.ts';
import { foundRow, mutantsPage, pageUrl } from './mutants-page.ts';

// Looks for every planted bug: `npm run mutants`, with `-- --update` to write the page of the reference.
const { values } = parseArgs({
  options: { update: { type: 'boolean', default: false }, seed: { type: 'string', default: '1' } },
});
const numRuns = 1_000;
const seed = Number(values.seed);
const rows: string[] = [];
let isWhole = true;

for (const { name, machine, test } of machineModels) {
  const { coverage } = await test(machine, { seed, numRuns });
  console.log(
    `${name} as it is: holds in ${numRuns} runs, ${coverage.transitions.covered} transitions covered`,
  );
}
for (const mutant of mutants) {
  const beganMs = performance.now();
  const found = await hunt(mutant, seed, numRuns);
  rows.push(foundRow(mutant, found));
  isWhole &&= found !== undefined;
  console.log(`${rows.at(-1)} ${Math.round(performance.now() - beganMs)} ms`);
}
console.log(`${mutants.length} planted bugs, ${isWhole ? 'all' : 'not all'} found within ${numRuns} runs.`);
if (values.update) writeFileSync(pageUrl, mutantsPage(rows));
if (!isWhole) process.exitCode = 1;
