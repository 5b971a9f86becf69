import type { MachineSnapshot, StateNode } from '../xstate-adapter.ts';

/**
 * XState 5 takes two transitions of different regions although they exclude each other, when one of them leads to a
 * history state. It is then in states that cannot be together, which neither its value nor a snapshot shows: a replay
 * from one would go elsewhere. Each compound state has one active child, and each parallel state all of them.
 */
export function refuseTornStates({ _nodes: active }: MachineSnapshot): void {
  if (!isTorn(active)) return;
  throw new Error(
    'Two regions answered the event with transitions that exclude each other, one to a history state. ' +
      'Let only one region answer it.',
  );
}

/** Whether the states that are active cannot be so together. */
export function isTorn(active: readonly StateNode[]): boolean {
  let expected = 1;
  for (let index = 0; index < active.length; index++) {
    const { type, states, parent } = active[index] as StateNode;
    if (type === 'compound') expected++;
    else if (type === 'parallel') {
      for (const region of Object.values(states)) if ((region as StateNode).type !== 'history') expected++;
    }
    if (parent === undefined) continue;
    if (!active.includes(parent)) return true;
    if (parent.type !== 'compound') continue;
    for (let other = 0; other < index; other++) if (active[other]?.parent === parent) return true;
  }
  return expected !== active.length;
}
