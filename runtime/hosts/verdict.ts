import type { DeathCause, DeathEvidence } from '../protocol/host-death.ts';

/** Why a thread was ended from here. */
export interface Verdict {
  readonly cause: DeathCause;
  readonly message: string;
  readonly figures: Readonly<Record<string, number>>;
}

/** The verdict on a thread whose buffers take too much. */
export function overBudget(usedMb: number, limitMb: number): Verdict {
  return {
    cause: 'external-memory',
    message: `its buffers took ${usedMb} MB outside of the heap, and ${limitMb} MB are allowed`,
    figures: { usedMb, limitMb },
  };
}

/** Causes that the work of a request brings about; a thread that ends otherwise was ended for the sake of others. */
const broughtAbout: ReadonlySet<DeathCause> = new Set([
  'exit',
  'threw',
  'out-of-memory',
  'external-memory',
  'unresponsive',
]);

/** Whether a request may be to blame for a death. */
export function isBroughtAbout({ cause }: DeathEvidence): boolean {
  return broughtAbout.has(cause);
}
