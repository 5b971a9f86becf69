import type { AnyStateMachine, StateNode } from '../xstate-adapter.ts';

/** All states of a machine, parents first. */
export function* stateNodesOf(machine: AnyStateMachine): Generator<StateNode> {
  yield* below(machine.root);
}

function* below(node: StateNode): Generator<StateNode> {
  yield node;
  for (const child of Object.values(node.states)) yield* below(child as StateNode);
}

/** Its transitions on events, and those that it takes by itself. */
export function transitionsOf(node: StateNode) {
  return [...[...node.transitions.values()].flat(), ...(node.always ?? [])];
}

/** The guards of the transitions of a state, as they are given; those of `and`, `or` and `not` one by one. */
export function guardsAsGiven(node: StateNode): unknown[] {
  return transitionsOf(node).flatMap(({ guard }) => (guard === undefined ? [] : guardsIn(guard)));
}

/** The same, those that are named by their definition in `setup`, which may combine named ones in its turn. */
export function guardsOf(node: StateNode, machine: AnyStateMachine): unknown[] {
  const { guards } = machine.implementations;
  const defined = (guard: unknown): unknown[] => guardsIn(definitionOf(guard, guards));
  return guardsAsGiven(node).flatMap(defined).flatMap(defined);
}

function guardsIn(guard: unknown): unknown[] {
  const { guards } = guard as { guards?: unknown };
  return Array.isArray(guards) ? guards.flatMap(guardsIn) : [guard];
}

/** The actions that a state has, those that are named by their definition in `setup`. */
export function actionsOf(node: StateNode, machine: AnyStateMachine): unknown[] {
  const transitions = transitionsOf(node);
  const actions = [...node.entry, ...node.exit, ...transitions.flatMap((transition) => transition.actions)];
  return actions.map((action) => definitionOf(action, machine.implementations.actions));
}

function definitionOf(given: unknown, definitions: object): unknown {
  const name = typeof given === 'string' ? given : (given as { type?: unknown }).type;
  return typeof name === 'string' && Object.hasOwn(definitions, name)
    ? (definitions as Record<string, unknown>)[name]
    : given;
}

/** Where a state goes by itself, whatever the context is. Only the first unguarded transition is ever taken. */
export function alwaysTargetsOf(node: StateNode): StateNode[] {
  const always = node.always ?? [];
  const first = always[0];
  if (first === undefined || first.guard !== undefined) return [];
  return (first.target ?? []).map((target) => restsAt(target as StateNode));
}

/** Entering a compound state enters its initial one. */
function restsAt(node: StateNode): StateNode {
  if (node.type !== 'compound') return node;
  const [initial] = node.initial.target;
  return initial === undefined ? node : restsAt(initial as StateNode);
}
