import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { measureFsync } from './fixtures/fsync-probe.ts';
import { type Measurement, median, type Task } from './measurement.ts';
import type { Budget, Contender, Round, Scenario, Shrink } from './scenario.ts';

/** A list of figures in short. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** What all rounds of a scenario came to. */
export interface Outcome {
  readonly scenario: string;
  readonly rounds: number;
  /** Median of a write of 4 KB with fsync on the same file system, in milliseconds, before and after the rounds. */
  readonly fsyncMs: readonly [before: number, after: number];
  readonly contenders: readonly ContenderOutcome[];
  readonly budgets: readonly BudgetOutcome[];
}

/** What one contender measured. */
export interface ContenderOutcome {
  readonly name: string;
  readonly unit: string;
  readonly value: Spread;
  /** Medians of the further figures. */
  readonly detail: Readonly<Record<string, number>>;
}

/** A budget beside what was measured. */
export interface BudgetOutcome {
  readonly what: string;
  readonly unit: string;
  readonly limit: string;
  readonly figure: Spread;
  readonly isMet: boolean;
  /** How far the median is on the wrong side of the limit, as a share of the limit; negative on the right side. */
  readonly missedBy: number;
}

/** How a scenario is run. */
export interface RunOptions {
  /** Folder for databases, on the file system that is measured. */
  readonly folder: string;
  readonly rounds: number;
  readonly timeoutMs: number;
  readonly shrink: Shrink;
  readonly onProgress: (text: string) => void;
}

/**
 * Runs every contender once a round, each in a fresh process, so that what disturbs the machine disturbs all of them
 * alike. Ratios are computed within a round.
 */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Outcome> {
  const { folder, rounds: count, shrink, onProgress } = options;
  const database = scenario.prepare === undefined ? '' : join(folder, `${scenario.name}.db`);
  if (database !== '') onProgress('preparing the database');
  await scenario.prepare?.(database, shrink);
  const fsyncBefore = measureFsync(folder);
  const rounds: Round[] = [];
  for (let number = 1; number <= count; number++) {
    const round = new Map<string, Measurement>();
    for (const contender of scenario.contenders) {
      onProgress(`round ${number} of ${count}: ${contender.name}`);
      round.set(contender.name, await runContender(contender, database, options));
    }
    rounds.push(round);
  }
  return {
    scenario: scenario.name,
    rounds: count,
    fsyncMs: [fsyncBefore, measureFsync(folder)],
    contenders: scenario.contenders.map(({ name }) => contenderOutcome(name, rounds)),
    budgets: scenario.budgets.map((budget) => budgetOutcome(budget, rounds)),
  };
}

async function runContender(
  { name, program, task, nodeArgs = [], timesStart = false }: Contender,
  database: string,
  { folder: parent, shrink, timeoutMs }: RunOptions,
): Promise<Measurement> {
  const folder = join(parent, 'contender');
  mkdirSync(folder);
  const whole: Task = { folder, database, inFlight: 1, subject: '', ...task, size: shrink(task?.size ?? 1) };
  const file = join(import.meta.dirname, 'contenders', program);
  try {
    const { line, afterMs } = await lastLineOf([...nodeArgs, file, JSON.stringify(whole)], timeoutMs);
    const measured = JSON.parse(line) as Measurement;
    return timesStart ? { value: afterMs, unit: 'ms', detail: measured.detail } : measured;
  } catch (error) {
    throw new Error(`The contender "${name}" failed.`, { cause: error });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The last line that a Node.js process prints, and how long after its start it came. */
function lastLineOf(
  args: readonly string[],
  timeoutMs: number,
): Promise<{ readonly line: string; readonly afterMs: number }> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let line = '';
  let afterMs = 0;
  createInterface({ input: child.stdout }).on('line', (text) => {
    line = text;
    afterMs = performance.now() - startedAt;
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0 && line !== '') resolve({ line, afterMs });
      else
        reject(new Error(`It ended with ${signal ?? `exit code ${code}`}${signal ? ' (time-out?)' : ''}.`));
    });
  });
}

function contenderOutcome(name: string, rounds: readonly Round[]): ContenderOutcome {
  const measured = rounds.map((round) => measurementOf(round, name));
  const keys = Object.keys(measured[0]?.detail ?? {});
  const detail = keys.map((key) => [key, median(measured.map((one) => one.detail[key] ?? Number.NaN))]);
  return {
    name,
    unit: measured[0]?.unit ?? '',
    value: spreadOf(measured.map(({ value }) => value)),
    detail: Object.fromEntries(detail),
  };
}

function budgetOutcome(budget: Budget, rounds: readonly Round[]): BudgetOutcome {
  const { what, unit, atLeast, atMost } = budget;
  const figure = spreadOf(
    rounds.map((round) => budget.figure((contender) => measurementOf(round, contender).value)),
  );
  const limit = atLeast ?? atMost ?? Number.NaN;
  const missedBy = (atLeast === undefined ? figure.median - limit : limit - figure.median) / limit;
  const sign = atLeast === undefined ? '<=' : '>=';
  return { what, unit, limit: `${sign} ${limit}`, figure, isMet: missedBy <= 0, missedBy };
}

function measurementOf(round: Round, contender: string): Measurement {
  const measurement = round.get(contender);
  if (measurement === undefined)
    throw new Error(`A budget names the contender "${contender}", which there is not.`);
  return measurement;
}

function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}
