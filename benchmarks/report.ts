import type { BudgetOutcome, ContenderOutcome, Outcome } from './harness.ts';
import type { MachineFacts } from './machine.ts';
import type { Scenario } from './scenario.ts';

/** A number with as many digits as say something. */
function figure(value: number): string {
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en');
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
}

const valueHeader = ['contender', 'median', 'min', 'max', 'unit', 'medians of the same runs'];

function valueRow({ name, value, unit, detail }: ContenderOutcome): string[] {
  const further = Object.entries(detail).map(([key, number]) => `${key} ${figure(number)}`);
  return [name, figure(value.median), figure(value.min), figure(value.max), unit, further.join(', ')];
}

const budgetHeader = ['budget', 'limit', 'median', 'min', 'max', 'verdict'];

function budgetRow({ what, unit, limit, figure: measured, isMet, missedBy }: BudgetOutcome): string[] {
  const { median, min, max } = measured;
  const verdict = isMet ? 'met' : `missed by ${(missedBy * 100).toFixed(0)} %`;
  return [what, `${limit} ${unit}`.trim(), figure(median), figure(min), figure(max), verdict];
}

function fsyncLine({ rounds, fsyncMs: [before, after] }: Outcome): string {
  return `${rounds} rounds; write and fsync of 4 KB: ${figure(before)} ms before, ${figure(after)} ms after`;
}

/** A scenario for the terminal. */
export function toText(scenario: Scenario, outcome: Outcome): string {
  const { contenders, budgets } = outcome;
  const lines = [`${scenario.title} (${fsyncLine(outcome)})`];
  lines.push(...textTable([valueHeader, ...contenders.map(valueRow)]));
  if (budgets.length > 0) lines.push('', ...textTable([budgetHeader, ...budgets.map(budgetRow)]));
  return `${lines.join('\n')}\n`;
}

/** The page of recorded results. */
export function toMarkdown(
  results: readonly {
    readonly scenario: Scenario;
    readonly outcome: Outcome;
    readonly machine: MachineFacts;
  }[],
): string {
  const lines = [
    '# Benchmark results',
    '',
    'Written by `npm run bench -- --record`. Every contender runs in a fresh process, all of them in turn in each',
    'round; figures are medians over the rounds, and ratios are computed within a round. The database is in WAL mode',
    'with `synchronous=FULL`: what is acknowledged has been fsynced. Absolute figures hold for this machine only.',
  ];
  for (const { scenario, outcome, machine } of results) {
    const { contenders, budgets } = outcome;
    lines.push('', `## ${scenario.title}`, '', scenario.note, '', machineLine(scenario, machine));
    lines.push(`${fsyncLine(outcome)}.`, '', ...markdownTable([valueHeader, ...contenders.map(valueRow)]));
    if (budgets.length > 0) lines.push('', ...markdownTable([budgetHeader, ...budgets.map(budgetRow)]));
  }
  return `${lines.join('\n')}\n`;
}

function machineLine({ name }: Scenario, machine: MachineFacts): string {
  const { commit, date, cpu, cores, memoryGb, os, node, fileSystem } = machine;
  const where = `${cpu}, ${cores} cores, ${memoryGb} GB, ${os}, ${fileSystem}, Node.js ${node}`;
  return `\`npm run bench -- ${name}\` at ${commit}, ${date}; ${where};`;
}

function textTable(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        (isNumeric(cell, rows, column) ? cell.padStart : cell.padEnd).call(cell, widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
}

function isNumeric(_: string, rows: readonly (readonly string[])[], column: number): boolean {
  return ['median', 'min', 'max'].includes(rows[0]?.[column] ?? '');
}

function markdownTable(rows: readonly (readonly string[])[]): string[] {
  const [header = [], ...body] = rows;
  const line = (row: readonly string[]) => `| ${row.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...body.map(line)];
}
