import type { ActorLogic, AnySnapshot, LiveActor, MachineEvent } from '../xstate-adapter.ts';

/** What the work behind a stand-in tells, as events: journaled, so that a replay hears the same. */
export type WorkEvent =
  | { readonly type: 'holdfast.work.next'; readonly value: unknown }
  | { readonly type: 'holdfast.work.done'; readonly output: unknown }
  | { readonly type: 'holdfast.work.failed'; readonly error: unknown };

/** When a piece of work began. */
export interface Beginning {
  /** The version of the event that started it. */
  readonly startedAt: number;
  /** Which of several in the same place and step it is, if it is not the first. */
  readonly nth?: number;
}

/** The state of a stand-in: that of the logic it stands for, as its parent may see it. */
export interface StandInSnapshot extends AnySnapshot {
  readonly input?: unknown;
}

/** What a stand-in is asked to have done. */
export interface StandInListener {
  /** When it begins: the version of the stream that the step under way will make. */
  begin(actor: LiveActor): Beginning;
  /** When it began that is read again. */
  resume(actor: LiveActor, began: Beginning): void;
  start(actor: LiveActor): void;
  stop(actor: LiveActor): void;
  forward(actor: LiveActor, event: MachineEvent): void;
}

/**
 * Takes the place of effectful logic in a tree: it has the same snapshots and the same ends, and does nothing. What the
 * real logic does, somewhere else and after the commit, comes back as {@link WorkEvent}s.
 */
export function standInFor(real: ActorLogic, listener: StandInListener): ActorLogic {
  let began: Beginning;
  const standIn = {
    config: real.config,
    getInitialSnapshot(scope: { self: LiveActor }, input: never): StandInSnapshot {
      began = listener.begin(scope.self);
      return real.getInitialSnapshot(scope as never, input) as StandInSnapshot;
    },
    start: (_state: unknown, { self }: { self: LiveActor }) => listener.start(self),
    transition(
      state: StandInSnapshot,
      event: WorkEvent | MachineEvent,
      { self }: { self: LiveActor },
    ): StandInSnapshot {
      if (state.status !== 'active') return state;
      const told = event as WorkEvent;
      switch (told.type) {
        case 'holdfast.work.next':
          return { ...state, context: told.value };
        case 'holdfast.work.done':
          return { ...state, status: 'done', output: told.output, input: undefined };
        case 'holdfast.work.failed':
          return { ...state, status: 'error', error: told.error, input: undefined };
        default:
      }
      if (event.type === 'xstate.stop') {
        listener.stop(self);
        return { ...state, status: 'stopped', input: undefined };
      }
      listener.forward(self, event);
      return state;
    },
    getPersistedSnapshot: (state: StandInSnapshot) => ({ ...state, ...began }),
    restoreSnapshot(
      { startedAt, nth, ...state }: StandInSnapshot & Beginning,
      { self }: { self: LiveActor },
    ): StandInSnapshot {
      began = nth === undefined ? { startedAt } : { startedAt, nth };
      listener.resume(self, began);
      return state;
    },
  };
  return standIn as unknown as ActorLogic;
}
