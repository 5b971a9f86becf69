import { expect, test } from 'vitest';
import type { Define, Observation } from './statechart-oracle.ts';
import { runEverywhere } from './statechart-run.ts';
import type { ScriptStep } from './statechart-step.ts';

/** A machine, what happens to it, and what is seen of it: by XState, and by Holdfast in each of its ways. */
export interface Behaviour {
  readonly machine: Define;
  readonly input?: unknown;
  readonly script?: readonly ScriptStep[];
  /** Its states: at first, and after each step. */
  readonly values?: readonly unknown[];
  /** All that it did. */
  readonly performed?: readonly string[];
  readonly emitted?: readonly object[];
  /** What is seen at last. */
  readonly last?: Partial<Observation>;
}

/** Makes a test of each behaviour, named by its sentence. */
export function behaviours(all: Readonly<Record<string, Behaviour>>): void {
  test.each(Object.entries(all))('%s', async (_sentence, behaviour) => {
    const { machine, input, script = [], values, performed, emitted, last } = behaviour;
    // Also without one, Holdfast is compared with XState; but it is said what both are to do.
    expect([values, performed, emitted, last].some((expected) => expected !== undefined)).toBe(true);
    const seen = await runEverywhere(machine, script, { input });
    if (values !== undefined) expect(seen.values).toEqual(values);
    if (performed !== undefined) expect(seen.performed).toEqual(performed);
    if (emitted !== undefined) expect(seen.emitted).toEqual(emitted);
    if (last !== undefined) expect(seen.last).toMatchObject(last);
  });
}
