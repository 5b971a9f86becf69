import type { AnyStateMachine, StateNode } from '../xstate-adapter.ts';
import { actionsOf, guardsAsGiven, stateNodesOf } from './chart.ts';

/** A name in a machine that nothing stands behind. */
export interface MissingImplementation {
  readonly state: StateNode;
  readonly message: string;
}

type Part = 'actions' | 'guards' | 'delays' | 'actors';

const consequences = {
  actions: ['runs the action', 'nothing will happen there'],
  guards: ['asks the guard', 'every event that gets there will fail'],
  delays: ['waits for the delay', 'it will not wait at all'],
  actors: ['invokes', 'nothing will happen there'],
} as const;

/** Names that are used in a machine and neither in `setup` nor provided, each once for a state. */
export function* missingImplementations(machine: AnyStateMachine): Generator<MissingImplementation> {
  for (const state of stateNodesOf(machine)) {
    const actions = actionsOf(state, machine);
    const named: readonly [Part, unknown[]][] = [
      ['actors', state.invoke.map(({ src }) => src).filter((src) => !isInPlace(src))],
      ['actions', actions.map(nameOf)],
      ['guards', guardsAsGiven(state).map(nameOf)],
      ['delays', [...state.after, ...actions].map((waiting) => (waiting as { delay?: unknown }).delay)],
    ];
    for (const [part, names] of named) {
      const implemented = machine.implementations[part];
      for (const name of new Set(names)) {
        if (typeof name !== 'string' || Object.hasOwn(implemented, name)) continue;
        const [does, consequence] = consequences[part];
        yield {
          state,
          message:
            `State "${state.id}" ${does} "${name}", which is not in setup({ ${part} }): ${consequence}. ` +
            `Implement it, or provide it with machine.provide({ ${part} }).`,
        };
      }
    }
  }
}

/** The name of what is given as a name, or as an object with a type; functions are implemented in place. */
function nameOf(given: unknown): unknown {
  return typeof given === 'object' ? (given as { type?: unknown } | null)?.type : given;
}

function isInPlace(src: unknown): boolean {
  return typeof src !== 'string' || src.startsWith('xstate.invoke.');
}
