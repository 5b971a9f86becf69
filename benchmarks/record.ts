import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome } from './harness.ts';
import type { MachineFacts } from './machine.ts';
import { toMarkdown } from './report.ts';
import type { Scenario } from './scenario.ts';

interface Recorded {
  readonly outcome: Outcome;
  readonly machine: MachineFacts;
}

const dataPath = join(import.meta.dirname, 'results.jsonl');
const pagePath = join(import.meta.dirname, 'RESULTS.md');

/** Keeps results, each in place of the last one of its scenario, and writes the page anew. */
export function record(
  scenarios: readonly Scenario[],
  outcomes: readonly Outcome[],
  machine: MachineFacts,
): void {
  const recorded = new Map<string, Recorded>();
  for (const one of readRecorded()) recorded.set(one.outcome.scenario, one);
  for (const outcome of outcomes) recorded.set(outcome.scenario, { outcome, machine });
  const kept = scenarios.flatMap((scenario) => {
    const one = recorded.get(scenario.name);
    return one === undefined ? [] : [{ scenario, ...one }];
  });
  writeFileSync(
    dataPath,
    kept.map(({ outcome, machine }) => `${JSON.stringify({ outcome, machine })}\n`).join(''),
  );
  writeFileSync(pagePath, toMarkdown(kept));
}

function readRecorded(): Recorded[] {
  if (!existsSync(dataPath)) return [];
  const lines = readFileSync(dataPath, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Recorded);
}
