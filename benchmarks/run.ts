import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Outcome, runScenario } from './harness.ts';
import { fileSystemOf, machineFacts } from './machine.ts';
import { record } from './record.ts';
import { toText } from './report.ts';
import { scenarios } from './scenarios/all.ts';

const usage = `npm run bench [-- NAME ... --rounds N --quick --record --folder PATH --check]

  NAME       only these: ${scenarios.map(({ name }) => name).join(', ')}
  --rounds   how often each contender runs, instead of what its scenario says
  --quick    one round of a tenth of the work, to see that everything runs
  --record   keep the figures in benchmarks/RESULTS.md
  --folder   where the databases are made; the default is the folder for temporary files
  --check    exit code 1 if a budget is missed`;

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    folder: { type: 'string' },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const chosen = scenarios.filter(({ name }) => names.length === 0 || names.includes(name));
const unknown = names.filter((name) => scenarios.every((scenario) => scenario.name !== name));
const rounds = options.rounds === undefined ? undefined : Number(options.rounds);
const isWrong = unknown.length > 0 || (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0));
if (options.help || isWrong) {
  console.log(unknown.length > 0 ? `There is no scenario "${unknown.join('", "')}".\n\n${usage}` : usage);
  process.exit(isWrong ? 2 : 0);
}
if (options.record && options.quick) throw new Error('Figures of a quick run are not worth recording.');

const folder = mkdtempSync(join(resolve(options.folder ?? tmpdir()), 'holdfast-bench-'));
const removeFolder = () => rmSync(folder, { recursive: true, force: true });
process.on('exit', removeFolder);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

const machine = machineFacts(folder);
const { commit, cpu, cores, os, node, fileSystem } = machine;
console.log(`holdfast ${commit}; Node.js ${node}; ${cpu}, ${cores} cores; ${os}`);
console.log(`databases in ${folder} (${fileSystem}), WAL, synchronous=FULL\n`);
if (fileSystemOf(folder) === 'tmpfs') {
  console.log('Nothing is durable on tmpfs, and fsync takes no time: give --folder on a disk.\n');
}

const outcomes: Outcome[] = [];
for (const scenario of chosen) {
  try {
    const outcome = await runScenario(scenario, {
      folder,
      rounds: rounds ?? (options.quick ? 1 : scenario.rounds),
      timeoutMs: 180_000,
      shrink: (size) => (options.quick ? Math.ceil(size / 10) : size),
      onProgress: (text) => showProgress(`${scenario.name}: ${text}`),
    });
    showProgress('');
    console.log(toText(scenario, outcome));
    outcomes.push(outcome);
  } catch (error) {
    // The others can still be measured.
    console.error(error);
    process.exitCode = 1;
  }
}
if (options.record) record(scenarios, outcomes, machine);
const missed = outcomes.flatMap(({ budgets }) => budgets.filter(({ isMet }) => !isMet));
console.log(missed.length === 0 ? 'Every budget is met.' : `${missed.length} budgets are missed.`);
if (options.check && missed.length > 0) process.exitCode = 1;

/** One line that is written over, and nothing at all where no one watches. */
function showProgress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${text}`);
}
