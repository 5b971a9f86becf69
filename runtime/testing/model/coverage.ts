import { stateNodesOf } from '../../../actors/charts/chart.ts';
import {
  type AnyStateMachine,
  type MachineSnapshot,
  type Microstep,
  observingMicrosteps,
  type StateNode,
  type TransitionDefinition,
} from '../../../actors/xstate-adapter.ts';

/** How many there are, how many were met, and the names of those that were not. */
export interface CoverageCount {
  readonly covered: number;
  readonly total: number;
  readonly missed: readonly string[];
}

/** Which states of a machine were entered and which of its transitions were taken. */
export interface Coverage {
  readonly states: CoverageCount;
  readonly transitions: CoverageCount;
}

/** Notes every state that is entered and every transition that is taken, also within a step and by `always`. */
export class CoverageRecord {
  readonly #states: readonly StateNode[];
  readonly #transitions = new Map<TransitionDefinition, string>();
  readonly #entered = new Set<StateNode>();
  readonly #taken = new Set<TransitionDefinition>();

  constructor(machine: AnyStateMachine) {
    this.#states = [...stateNodesOf(machine)];
    for (const node of this.#states) {
      const own = [...[...node.transitions.values()].flat(), ...(node.always ?? [])];
      // One that forbids an event is never taken.
      for (const transition of own) {
        if (transition.target !== undefined || transition.actions.length > 0)
          this.#transitions.set(transition, transitionName(transition));
      }
    }
  }

  /** Computes something of the machine, and notes where it leads. Returns how much of it is new. */
  during<T>(compute: () => T): { readonly result: T; readonly isNew: boolean } {
    const before = this.#entered.size + this.#taken.size;
    const result = observingMicrosteps((microstep) => this.#note(microstep), compute);
    return { result, isNew: this.#entered.size + this.#taken.size > before };
  }

  /** Notes the state that a machine is in. */
  entered({ _nodes }: MachineSnapshot): void {
    for (const node of _nodes ?? []) this.#entered.add(node as StateNode);
  }

  /** Whether an event of a type may lead along a transition that was never taken. */
  isMissing({ _nodes }: MachineSnapshot, type: string): boolean {
    const isUntaken = (transition: TransitionDefinition) =>
      this.#transitions.has(transition) && !this.#taken.has(transition);
    return (_nodes ?? []).some((node) => (node as StateNode).transitions.get(type)?.some(isUntaken) === true);
  }

  #note({ transitions, snapshot }: Microstep): void {
    this.entered(snapshot);
    for (const transition of transitions) {
      if (this.#transitions.has(transition)) this.#taken.add(transition);
    }
  }

  get coverage(): Coverage {
    // What leads back into a state is none that a machine is ever in.
    const states = this.#states.filter(
      (node) => node.type !== 'history' && (node.parent !== undefined || this.#states.length === 1),
    );
    return {
      states: count(
        states,
        (node) => this.#entered.has(node),
        ({ id }) => id,
      ),
      transitions: count(
        [...this.#transitions.keys()],
        (transition) => this.#taken.has(transition),
        (transition) => this.#transitions.get(transition) ?? '',
      ),
    };
  }
}

function count<T>(
  all: readonly T[],
  isCovered: (item: T) => boolean,
  name: (item: T) => string,
): CoverageCount {
  const missed = all.filter((item) => !isCovered(item)).map(name);
  return { covered: all.length - missed.length, total: all.length, missed };
}

/** A transition as a person would name it: `order.cart --PAY [hasItems]--> order.paid`. */
function transitionName({ source, eventType, guard, target }: TransitionDefinition): string {
  const what = eventType === '' ? 'always' : eventType;
  const guarded = guard === undefined ? '' : ` [${guardName(guard)}]`;
  const where = target === undefined ? '(stays)' : target.map(({ id }) => id).join(', ');
  return `${source.id} --${what}${guarded}--> ${where}`;
}

function guardName(guard: unknown): string {
  if (typeof guard === 'string') return guard;
  const { type, name } = guard as { type?: unknown; name?: unknown };
  if (typeof type === 'string') return type;
  return typeof name === 'string' && name !== 'guard' && name !== '' ? name : 'guard';
}
