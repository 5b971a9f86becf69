import { assign, setup } from 'xstate';

/** What happens to a host thread. Commands are imperative, facts past. */
export type HostLifecycleEvent =
  | { readonly type: 'start' }
  | { readonly type: 'started' }
  | { readonly type: 'exited' }
  | { readonly type: 'fenced' }
  | { readonly type: 'close' };

/** What is remembered of a host between its threads. */
export interface HostLifecycleContext {
  /** Counts the threads of this host; an append of an older one is refused. */
  readonly generation: number;
}

/**
 * The life of one host: a place that actors live at, served by one thread after another.
 *
 * ```mermaid
 * stateDiagram-v2
 *   [*] --> absent
 *   absent --> starting: start
 *   starting --> running: started
 *   starting --> fencing: exited
 *   running --> fencing: exited
 *   fencing --> absent: fenced
 *   absent --> closed: close
 *   starting --> closing: close
 *   running --> closing: close
 *   fencing --> closing: close
 *   closing --> closed: exited
 *   closing --> closed: fenced
 * ```
 *
 * Invariants: the generation grows with every thread and never shrinks; a thread is started only from `absent`, so two
 * never serve the same actors; between the end of a thread and the next start lies `fencing`, in which the store
 * learns to refuse what the dead one may still have sent; `closed` is final.
 */
export const hostLifecycleMachine = setup({
  types: {} as { context: HostLifecycleContext; events: HostLifecycleEvent },
  actions: {
    countGeneration: assign({ generation: ({ context }) => context.generation + 1 }),
  },
}).createMachine({
  id: 'host',
  context: { generation: 0 },
  initial: 'absent',
  states: {
    absent: { on: { start: { target: 'starting', actions: 'countGeneration' }, close: 'closed' } },
    starting: { on: { started: 'running', exited: 'fencing', close: 'closing' } },
    running: { on: { exited: 'fencing', close: 'closing' } },
    fencing: { on: { fenced: 'absent', close: 'closing' } },
    closing: { on: { exited: 'closed', fenced: 'closed' } },
    closed: { type: 'final' },
  },
});
