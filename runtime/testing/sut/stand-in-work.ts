import { stateNodesOf } from '../../../actors/charts/chart.ts';
import {
  type ActorLogic,
  type AnyStateMachine,
  isEffectful,
  isMachine,
} from '../../../actors/xstate-adapter.ts';
import type { WorkRegistry } from './work-registry.ts';

/**
 * Puts stand-ins in place of all promises, callbacks and observables of a machine and of the machines among its actors,
 * so that nothing of them happens by itself. The machine is changed in place, in this thread.
 */
export function standInForWork(machine: AnyStateMachine, registry: WorkRegistry): void {
  replaceIn(machine, registry, new Set());
}

function replaceIn(machine: AnyStateMachine, registry: WorkRegistry, seen: Set<AnyStateMachine>): void {
  if (seen.has(machine)) return;
  seen.add(machine);
  const actors = machine.implementations.actors as Record<string, unknown>;
  for (const name of Object.keys(actors)) actors[name] = replaced(actors[name], registry, seen);
  for (const node of stateNodesOf(machine)) {
    const { invoke = [] } = node.config as { invoke?: Invoked | Invoked[] };
    for (const each of [invoke].flat()) each.src = replaced(each.src, registry, seen);
  }
}

interface Invoked {
  src: unknown;
}

function replaced(logic: unknown, registry: WorkRegistry, seen: Set<AnyStateMachine>): unknown {
  if (isMachine(logic)) {
    replaceIn(logic, registry, seen);
    return logic;
  }
  const isLogic = typeof logic === 'object' && logic !== null && isEffectful(logic as ActorLogic);
  return isLogic ? registry.standIn(logic as ActorLogic) : logic;
}
