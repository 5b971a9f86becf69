import type { Found } from './hunt.ts';
import type { Mutant } from './mutants.ts';

/** The page that `npm run mutants -- --update` writes. */
export const pageUrl: URL = new URL('../../docs/reference/mutants.md', import.meta.url);

/** A planted bug and what found it, as a row of a table. */
export function foundRow({ name, machine }: Mutant, found: Found | undefined): string {
  const { property = '**not found**', run = '', steps = '' } = found ?? {};
  return `| ${machine} | ${name} | ${property} | ${run} | ${steps} |`;
}

/** The page, of all rows. */
export function mutantsPage(rows: readonly string[]): string {
  return [
    '# Planted bugs',
    '',
    'The tests of `machines/` are only worth what they find. So bugs are planted in copies of the machines, one at a time, and',
    'each has to be found within 1,000 runs of its property test: `npm run mutants`. A change that makes the tests blind to one',
    'of them fails there. The bugs are patches of the source in `tests/mutation/mutants.ts`.',
    '',
    'Written by `npm run mutants -- --update`, with seed 1. "Run" is that in which the bug was found, "steps" how many the',
    'shortest counterexample has.',
    '',
    '| machine | planted bug | found by | run | steps |',
    '| --- | --- | --- | ---: | ---: |',
    ...rows,
    '',
  ].join('\n');
}
