import {
  type AnyStateMachine,
  answers,
  type ContextFrom,
  createInertScope,
  type EventFromLogic,
  type InputFrom,
  type MachineSnapshot,
  type StateValueFrom,
} from '../xstate-adapter.ts';

/** These machines ask for nothing but their next state. */
const scope = createInertScope(() => undefined, { id: '', snapshot: undefined, send: () => undefined });

/**
 * A machine that runs where it is made, for Holdfast's own small lifecycles. Its events take effect at once. It has no
 * actions but `assign`, and what these throw is thrown.
 */
export class RunningMachine<Machine extends AnyStateMachine> {
  readonly #machine: Machine;
  #snapshot: MachineSnapshot;

  constructor(machine: Machine, input?: InputFrom<Machine>) {
    this.#machine = machine;
    this.#snapshot = started(machine.getInitialSnapshot(scope, input as never) as MachineSnapshot);
  }

  get state(): StateValueFrom<Machine> {
    return this.#snapshot.value as StateValueFrom<Machine>;
  }

  get context(): ContextFrom<Machine> {
    return this.#snapshot.context as ContextFrom<Machine>;
  }

  /** Whether the machine accepted the event. One that it does not accept changes nothing. */
  send(event: EventFromLogic<Machine>): boolean {
    const before = this.#snapshot;
    if (before.status !== 'active') return false;
    const next = this.#machine.transition(before, event, scope) as MachineSnapshot;
    if (next === before && !answers(this.#machine, before, event)) return false;
    this.#snapshot = started(next);
    return true;
  }
}

function started(snapshot: MachineSnapshot): MachineSnapshot {
  if (snapshot.status === 'error') throw snapshot.error;
  return snapshot;
}
