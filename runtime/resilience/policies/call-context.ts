import { describe } from '../../protocol/names.ts';
import { checkOptions, checkWholeOption, invalidOption } from '../../protocol/options.ts';
import { neverAborted } from '../../waiting/on-abort.ts';
import type { ExecuteOptions, PolicyContext } from './policy.ts';

const known: readonly (keyof PolicyContext)[] = ['signal', 'attempt', 'key', 'deadline'];

/** The context as policies hand it to each other: what they have made need not be checked again. */
export class CallContext implements PolicyContext {
  readonly signal: AbortSignal;
  readonly attempt: number;
  readonly key: string | undefined;
  readonly deadline: number | undefined;

  constructor(signal: AbortSignal, attempt: number, key?: string, deadline?: number) {
    this.signal = signal;
    this.attempt = attempt;
    this.key = key;
    this.deadline = deadline;
  }
}

const fromNobody = new CallContext(neverAborted, 1);

/** The context of a call, from what a caller gave or an outer policy handed on. */
export function contextOf(fn: unknown, options: ExecuteOptions | undefined): CallContext {
  if (typeof fn !== 'function') throw invalidOption(`execute takes a function, got ${describe(fn)}.`);
  if (options === undefined) return fromNobody;
  if (options instanceof CallContext) return options;
  checkOptions('execute', options, known);
  const { signal = neverAborted, attempt = 1, key, deadline } = options;
  checkWholeOption('execute', 'attempt', attempt, 1);
  if (key !== undefined && typeof key !== 'string') {
    throw invalidOption(`execute: "key" must be a string, got ${describe(key)}.`);
  }
  if (deadline !== undefined && !Number.isFinite(deadline)) {
    throw invalidOption(`execute: "deadline" must be a number, got ${describe(deadline)}.`);
  }
  return new CallContext(signal, attempt, key, deadline);
}
