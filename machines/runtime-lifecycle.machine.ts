import { setup } from 'xstate';

/** What happens to a runtime. */
export type RuntimeLifecycleEvent =
  | { readonly type: 'opened' }
  | { readonly type: 'failed' }
  | { readonly type: 'close' }
  | { readonly type: 'drained' }
  | { readonly type: 'closed' };

/**
 * The life of a runtime.
 *
 * ```mermaid
 * stateDiagram-v2
 *   [*] --> opening
 *   opening --> running: opened
 *   opening --> failed: failed
 *   running --> draining: close
 *   running --> failed: failed
 *   draining --> closing: drained
 *   draining --> failed: failed
 *   closing --> closed: closed
 * ```
 *
 * Invariants: `draining` waits for what was taken before: first for the handlers of operations, which may still send
 * commands to actors, as who knows those already may until then, and afterwards, when none are taken any more, for the
 * commands; `closed` and `failed` are final, and nothing is written after them.
 */
export const runtimeLifecycleMachine = setup({
  types: {} as { events: RuntimeLifecycleEvent },
}).createMachine({
  id: 'runtime',
  initial: 'opening',
  states: {
    opening: { on: { opened: 'running', failed: 'failed' } },
    running: { on: { close: 'draining', failed: 'failed' } },
    draining: { on: { drained: 'closing', failed: 'failed' } },
    closing: { on: { closed: 'closed' } },
    closed: { type: 'final' },
    failed: { type: 'final' },
  },
});
