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
  const problems = [...stateNodes(machine.root)].flatMap(problemsOf);
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

function problemsOf(node: StateNode): string[] {
  const problems: string[] = [];
  if (node.after.length > 0) problems.push(`State "${node.id}" has delayed transitions (after).`);
  if (node.invoke.length > 0) problems.push(`State "${node.id}" invokes an actor.`);
  const actions = [
    ...node.entry,
    ...node.exit,
    ...[...node.transitions.values()].flat().flatMap(({ actions }) => actions),
  ];
  for (const action of actions) {
    const { type, delay } = action as { type?: unknown; delay?: unknown };
    if (type === 'xstate.spawnChild') problems.push(`State "${node.id}" spawns an actor.`);
    const isTimer = (type === 'xstate.raise' || type === 'xstate.sendTo') && delay !== undefined;
    // XState adds a delayed raise to the entry of a state with `after`, which is reported already.
    if (isTimer && node.after.length === 0) problems.push(`State "${node.id}" sends a delayed event.`);
    if (type === 'xstate.sendTo' && delay === undefined)
      problems.push(`State "${node.id}" sends to another actor.`);
    if (type === 'xstate.emit') problems.push(`State "${node.id}" emits an event.`);
  }
  return [...new Set(problems)];
}
