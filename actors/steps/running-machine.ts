import type {
  AnyStateMachine,
  ContextFrom,
  EventFromLogic,
  InputFrom,
  MachineSnapshot,
  StateValueFrom,
} from '../xstate-adapter.ts';
import { initialSnapshot, step } from './bare-machine.ts';

/** A machine that runs where it is made, for Holdfast's own small lifecycles. Its events take effect at once. */
export class RunningMachine<Machine extends AnyStateMachine> {
  readonly #machine: Machine;
  #snapshot: MachineSnapshot;

  constructor(machine: Machine, input?: InputFrom<Machine>) {
    this.#machine = machine;
    this.#snapshot = initialSnapshot(machine, input);
  }

  get state(): StateValueFrom<Machine> {
    return this.#snapshot.value as StateValueFrom<Machine>;
  }

  get context(): ContextFrom<Machine> {
    return this.#snapshot.context as ContextFrom<Machine>;
  }

  /** Whether the machine accepted the event. One that it does not accept changes nothing. */
  send(event: EventFromLogic<Machine>): boolean {
    const next = step(this.#machine, this.#snapshot, event);
    if (next.accepted) this.#snapshot = next.snapshot;
    return next.accepted;
  }
}
