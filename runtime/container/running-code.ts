import { AsyncLocalStorage } from 'node:async_hooks';
import type { Family } from './family.ts';
import type { Initialisation } from './initialisation.ts';

/** The disposal of one value, while it lasts. */
export interface Disposal {
  readonly family: Family;
  hasEnded: boolean;
}

/**
 * Whose code is running, also after it has awaited: a factory that asks its container by the variable that holds it is
 * known, so that what waits for itself is found.
 */
const runningCode = new AsyncLocalStorage<Initialisation | Disposal>();

/** Runs a factory, or a `dispose`, in its name. */
export function runAs<T>(who: Initialisation | Disposal, run: () => T): T {
  return runningCode.run(who, run);
}

/** The factory that is running here and has not been settled yet. */
export function runningFactory(): Initialisation | undefined {
  const who = runningCode.getStore();
  return who !== undefined && 'waitsFor' in who && !who.isSettled ? who : undefined;
}

/** Whether a factory or a `dispose` of these containers is running here: whoever waits for the close waits for it. */
export function isWithin(family: Family): boolean {
  const who = runningCode.getStore();
  return who !== undefined && !who.hasEnded && who.family === family;
}
