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
const runningCode = new AsyncLocalStorage<Running>();

/** A factory or a `dispose`, and the one in which it was begun, of whatever container. */
interface Running {
  readonly who: Initialisation | Disposal;
  readonly within: Running | undefined;
}

/** Runs a factory, or a `dispose`, in its name. */
export function runAs<T>(who: Initialisation | Disposal, run: () => T): T {
  return runningCode.run({ who, within: unended(runningCode.getStore()) }, run);
}

/** What has ended is left out, so that no chain grows for ever. */
function unended(running: Running | undefined): Running | undefined {
  let each = running;
  while (each?.who.hasEnded) each = each.within;
  return each;
}

/** The factory that is running here and has not been settled yet. */
export function runningFactory(): Initialisation | undefined {
  const who = runningCode.getStore()?.who;
  return who !== undefined && 'waitsFor' in who && !who.isSettled ? who : undefined;
}

/** Whether a factory or a `dispose` of these containers is running here: whoever waits for the close waits for it. */
export function isWithin(family: Family): boolean {
  for (let each = unended(runningCode.getStore()); each !== undefined; each = unended(each.within))
    if (each.who.family === family) return true;
  return false;
}
