import { holdfastError } from '../runtime/errors/holdfast-error.ts';
import type { AnyStateMachine } from './xstate-adapter.ts';

type StateNode = AnyStateMachine['root'];

/**
 * Refuses a machine with parts that this version would silently lose: delayed transitions, and invoked or spawned
 * actors. What can only be seen while running (a delayed `raise` in `enqueueActions`) is refused when it happens.
 *
 * @throws HOLDFAST_ERR_MACHINE_UNSUPPORTED with `problems`, one sentence each.
 */
export function checkMachine(kind: string, machine: AnyStateMachine): void {
  const problems = [...stateNodes(machine.root)].flatMap((node) => problemsOf(node, machine));
  if (problems.length === 0) return;
  throw holdfastError(
    'HOLDFAST_ERR_MACHINE_UNSUPPORTED',
    `The machine of "${kind}" cannot be hosted without losing something: ${problems.join(' ')} ` +
      'Do that work outside and send its result as an event.',
    { kind, problems },
  );
}

function* stateNodes(node: StateNode): Generator<StateNode> {
  yield node;
  for (const child of Object.values(node.states)) yield* stateNodes(child as StateNode);
}

function problemsOf(node: StateNode, machine: AnyStateMachine): string[] {
  const problems: string[] = [];
  if (node.after.length > 0) problems.push(`State "${node.id}" has delayed transitions (after).`);
  if (node.invoke.length > 0) problems.push(`State "${node.id}" invokes an actor.`);
  const actions = [
    ...node.entry,
    ...node.exit,
    ...[...node.transitions.values()].flat().flatMap(({ actions }) => actions),
  ];
  for (const action of actions) {
    const problem = problemOf(definitionOf(action, machine));
    // XState adds a delayed raise to the entry of a state with `after`, which is reported already.
    if (problem === undefined || (problem === 'sends a delayed event' && node.after.length > 0)) continue;
    problems.push(`State "${node.id}" ${problem}.`);
  }
  return [...new Set(problems)];
}

/** An action that is named in the chart is defined in `setup`. */
function definitionOf(action: unknown, machine: AnyStateMachine): unknown {
  const name = typeof action === 'string' ? action : (action as { type?: unknown }).type;
  const actions = machine.implementations.actions as Record<string, unknown>;
  return typeof name === 'string' && Object.hasOwn(actions, name) ? actions[name] : action;
}

function problemOf(action: unknown): string | undefined {
  const { type, delay } = action as { type?: unknown; delay?: unknown };
  switch (type) {
    case 'xstate.spawnChild':
      return 'spawns an actor';
    case 'xstate.emit':
      return 'emits an event';
    case 'xstate.raise':
      return delay === undefined ? undefined : 'sends a delayed event';
    case 'xstate.sendTo':
      return delay === undefined ? 'sends to another actor' : 'sends a delayed event';
    default:
      return undefined;
  }
}
