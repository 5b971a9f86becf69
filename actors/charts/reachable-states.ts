import type { AnyStateMachine, StateNode } from '../xstate-adapter.ts';
import { stateNodesOf, transitionsOf } from './chart.ts';

/** The states that a machine can be in, as far as its chart tells: guards and the order of transitions are not looked at. */
export function reachableStates(machine: AnyStateMachine): ReadonlySet<StateNode> {
  const active = new Set<StateNode>();
  const entered = new Set<StateNode>();
  const activate = (node: StateNode): void => {
    if (active.has(node)) return;
    active.add(node);
    const { parent } = node as { parent?: StateNode };
    if (parent !== undefined) activate(parent);
    // All regions of a parallel state are entered together.
    if (parent?.type === 'parallel') for (const region of enteredWith(parent)) enter(region);
    for (const transition of transitionsOf(node)) {
      for (const target of transition.target ?? []) enter(target as StateNode);
    }
  };
  /** With what is entered below it; what it is in is only active, since its own first state is passed by. */
  const enter = (node: StateNode): void => {
    if (entered.has(node)) return;
    entered.add(node);
    activate(node);
    for (const child of enteredWith(node)) enter(child);
  };
  enter(machine.root as StateNode);
  return active;
}

/** States of which nothing leads anywhere: not final, and neither they nor what they are in have a transition. */
export function deadEnds(machine: AnyStateMachine): StateNode[] {
  const states = [...stateNodesOf(machine)];
  // A machine without states only collects events.
  if (states.length === 1) return [];
  return states.filter(
    (node) =>
      node.type === 'atomic' && lineOf(node).every((each) => isStill(each) && each.type !== 'parallel'),
  );
}

/** Which states are entered with one, unless a transition names others. */
function enteredWith(node: StateNode): StateNode[] {
  switch (node.type) {
    case 'compound':
      return node.initial.target.map((target) => target as StateNode);
    case 'parallel':
      return Object.values(node.states).map((child) => child as StateNode);
    case 'history':
      return historyTargets(node);
    default:
      return [];
  }
}

/** Where a history state leads before there is any history. */
function historyTargets(node: StateNode): StateNode[] {
  const { target } = node as unknown as { target?: unknown };
  const parent = node.parent as StateNode;
  if (typeof target !== 'string') return enteredWith(parent);
  const named = parent.states[target.replace(/^\./, '')];
  return named === undefined ? [] : [named as StateNode];
}

function isStill(node: StateNode): boolean {
  return transitionsOf(node).length === 0;
}

/** A state and all that it is in. */
function lineOf(node: StateNode): StateNode[] {
  const { parent } = node as { parent?: StateNode };
  return parent === undefined ? [node] : [node, ...lineOf(parent)];
}
