import {
  type ActorLogic,
  keyOfRunning,
  type LiveActor,
  type MachineEvent,
} from '../../../actors/xstate-adapter.ts';

/** What work is told to come to. */
export interface WorkEnd {
  readonly end: 'done' | 'error' | 'next' | 'send';
  readonly value: unknown;
}

interface ToldEvent extends MachineEvent {
  readonly value: unknown;
}

const told = 'holdfast.sut.';

/** Work that has been started in this thread and waits to be told what it comes to. */
export class WorkRegistry {
  readonly #running = new Map<string, LiveActor>();
  #lastId = 0;

  /** Has work come to something, once for each id; false if none of the key is under way here. */
  tell(id: number, key: string, { end, value }: WorkEnd): boolean {
    if (id === this.#lastId) return true;
    const actor = this.#running.get(key);
    if (actor === undefined) return false;
    this.#lastId = id;
    if (end === 'send') {
      actor.system._relay(actor, actor._parent, value as MachineEvent);
      return true;
    }
    if (end !== 'next') this.#running.delete(key);
    const event: ToldEvent = { type: `${told}${end}`, value };
    (actor as LiveActor & { send(event: MachineEvent): void }).send(event);
    return true;
  }

  /** The same logic in every respect but that it does nothing: what it comes to, it is told. */
  standIn(real: ActorLogic): ActorLogic {
    const logic = {
      config: real.config,
      getInitialSnapshot: (scope: never, input: never) => real.getInitialSnapshot(scope, input),
      getPersistedSnapshot: (state: never) => real.getPersistedSnapshot(state),
      restoreSnapshot: (state: unknown) => state,
      start: (_state: unknown, { self }: { self: LiveActor }) => {
        const key = keyOfRunning(self);
        if (key !== undefined) this.#running.set(key, self);
      },
      transition: (state: object, event: ToldEvent, { self }: { self: LiveActor }): object => {
        switch (event.type) {
          case `${told}next`:
            return { ...state, context: event.value };
          case `${told}done`:
            return { ...state, status: 'done', output: event.value, input: undefined };
          case `${told}error`:
            return { ...state, status: 'error', error: event.value, input: undefined };
          case 'xstate.stop':
            this.#forget(self);
            return { ...state, status: 'stopped', input: undefined };
          default:
            return state;
        }
      },
    };
    return logic as unknown as ActorLogic;
  }

  #forget(actor: LiveActor): void {
    const key = keyOfRunning(actor);
    if (key !== undefined && this.#running.get(key) === actor) this.#running.delete(key);
  }
}

/** That of this thread. */
export const workOfThread: WorkRegistry = new WorkRegistry();
