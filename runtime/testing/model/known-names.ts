import { stateNodesOf } from '../../../actors/charts/chart.ts';
import { type AnyStateMachine, isActorLogic, isMachine, namedTypes } from '../../../actors/xstate-adapter.ts';
import { isPlain } from './leaves.ts';

const visitedMax = 5_000;

/** By which names steps can be known, as far as the chart of a machine, and those of its child machines, tell. */
export interface KnownNames {
  /** Of work: names of logic, and ids. */
  readonly work: readonly string[];
  readonly timers: readonly string[];
  /** Whether its code may give actors other ids. */
  readonly mayNameWork: boolean;
  /** Whether its code may give delayed events other ids. */
  readonly mayNameTimers: boolean;
}

interface BuiltIn {
  readonly type: string;
  readonly id?: unknown;
  readonly event?: unknown;
}

/** The names of work and timers. */
export function knownNames(root: AnyStateMachine): KnownNames {
  const work = new Set<string>();
  const timers = new Set<string>();
  let [mayNameWork, mayNameTimers] = [false, false];
  const machines = [root];
  const seen = new Set<unknown>(machines);
  const visitBuiltIn = ({ type, id, event }: BuiltIn): void => {
    if (type === 'xstate.spawnChild') {
      if (typeof id === 'string') work.add(id);
      mayNameWork ||= typeof id === 'function';
    }
    if (type !== 'xstate.raise' && type !== 'xstate.sendTo') return;
    const name = id ?? (event as { type?: unknown } | undefined)?.type;
    if (typeof name === 'string') timers.add(name);
    else mayNameTimers = true;
  };
  const visit = (value: unknown): void => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value))
      return;
    seen.add(value);
    if (seen.size > visitedMax) {
      [mayNameWork, mayNameTimers] = [true, true];
      return;
    }
    if (isMachine(value)) return void machines.push(value);
    // Charts are written with plain objects; a getter of another one is not to be asked.
    const isPart = typeof value === 'function' || Array.isArray(value) || isPlain(value);
    if (!isPart || isActorLogic(value)) return;
    const isOfXState =
      typeof value === 'function' && String((value as Partial<BuiltIn>).type).startsWith('xstate.');
    if (isOfXState) visitBuiltIn(value as never);
    else if (typeof value === 'function') {
      const text = Function.prototype.toString.call(value);
      mayNameWork ||= text.includes('spawn');
      mayNameTimers ||= /raise|sendTo|forwardTo/.test(text);
    }
    for (const [key, part] of Object.entries(value)) {
      // What XState carries its own actions out with.
      if (!isOfXState || typeof part !== 'function' || !/^(resolve|retryResolve|execute)$/.test(key))
        visit(part);
    }
  };
  for (const machine of machines) {
    const { actors, ...others } = machine.implementations;
    for (const [name, logic] of Object.entries(actors)) {
      work.add(name);
      visit(logic);
    }
    for (const { invoke } of stateNodesOf(machine)) {
      for (const { src, id } of invoke)
        for (const name of [src, id]) if (typeof name === 'string') work.add(name);
    }
    for (const type of namedTypes(machine)) if (type !== '*' && !type.endsWith('.*')) timers.add(type);
    visit(machine.config);
    visit(others);
  }
  return { work: [...work], timers: [...timers], mayNameWork, mayNameTimers };
}
