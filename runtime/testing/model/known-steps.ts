import { type AnyStateMachine, knownTypes, namedTypes } from '../../../actors/xstate-adapter.ts';
import { nearestName } from '../../errors/nearest-name.ts';
import { isReservedType } from '../../protocol/names.ts';
import { invalidOption } from '../../protocol/options.ts';
import { type KnownNames, knownNames } from './known-names.ts';
import type { Model } from './model.ts';
import { kindOf, type ModelStep, nameOf, type TimerStep, type WorkStep } from './model-step.ts';

/**
 * Refuses a step that is not possible in any state, since the machine has nothing of its name: one that was kept for a machine
 * of another day would say nothing about this one.
 */
export function checkKnown(owner: string, model: Model, steps: readonly ModelStep[]): void {
  const names = knownNames(model.machine);
  for (const step of steps) {
    const known = namesLike(model, step, names);
    const name = nameOf(step);
    if (known === undefined || known.includes(name)) continue;
    const near = nearestName(name, known);
    const patterns = kindOf(step) === 'event' ? patternsOf(model.machine) : [];
    const all = [...known, ...patterns].join(', ');
    const hint = near === undefined ? `It knows ${all || 'none'}.` : `Did you mean "${near}"?`;
    throw invalidOption(`${owner}: "${name}" is no ${kindOf(step)} that the machine knows. ${hint}`);
  }
}

/** What the name of a step may be; `undefined` if it may be anything. */
function namesLike(model: Model, step: ModelStep, names: KnownNames): readonly string[] | undefined {
  const { machine, eventTypes, definition } = model;
  const name = nameOf(step);
  switch (kindOf(step)) {
    case 'event':
      return isReservedType(name) || knownTypes(machine)(name) ? undefined : eventTypes;
    case 'command':
      return Object.keys(definition.commands as object);
    case 'work':
      return names.mayNameWork || (step as WorkStep).actor !== undefined ? undefined : names.work;
    case 'timer': {
      const isFree =
        names.mayNameTimers || (step as TimerStep).actor !== undefined || knownTypes(machine)(name);
      const isShort = names.timers.some((timer) => timer.startsWith(`xstate.after.${name}.`));
      return isFree || isShort ? undefined : names.timers;
    }
    default:
      return undefined;
  }
}

/** Names of which a machine knows all that begin alike, such as `net.*`. */
function patternsOf(machine: AnyStateMachine): string[] {
  return [...namedTypes(machine)].filter((type) => type.endsWith('.*'));
}
