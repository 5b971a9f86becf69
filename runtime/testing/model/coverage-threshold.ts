import { holdfastError } from '../../errors/holdfast-error.ts';
import { describe } from '../../protocol/names.ts';
import { checkOptions, invalidOption } from '../../protocol/options.ts';
import type { Coverage } from './coverage.ts';

/** How much has to be covered: parts of all, from 0 to 1. */
export interface CoverageThreshold {
  readonly states?: number;
  readonly transitions?: number;
}

const parts = ['states', 'transitions'] as const;

/** Refuses a threshold that is none. */
export function checkThreshold(owner: string, threshold: CoverageThreshold | undefined): void {
  if (threshold === undefined) return;
  checkOptions(`${owner}: "coverage"`, threshold, parts);
  for (const part of parts) {
    const value = threshold[part];
    if (value === undefined || (typeof value === 'number' && value >= 0 && value <= 1)) continue;
    throw invalidOption(`${owner}: "coverage.${part}" must be a number from 0 to 1, got ${describe(value)}.`);
  }
}

/**
 * Fails if less was covered than should be.
 *
 * @throws HOLDFAST_ERR_COVERAGE_MISSED with what was not covered.
 */
export function checkCoverage(owner: string, coverage: Coverage, threshold: CoverageThreshold = {}): void {
  const problems = parts.flatMap((part) => {
    const wanted = threshold[part] ?? 0;
    const { covered, total, missed } = coverage[part];
    if (total === 0 || covered / total >= wanted) return [];
    return [
      `${covered} of ${total} ${part} were covered, and ${Math.round(wanted * 100)} % should be. Missed:`,
      ...missed.map((name) => `  ${name}`),
    ];
  });
  if (problems.length === 0) return;
  const message = `${owner}: ${problems.join('\n')}\nLet it run longer, give values that guards let through, or outcomes of work.`;
  throw holdfastError('HOLDFAST_ERR_COVERAGE_MISSED', message, { coverage });
}
