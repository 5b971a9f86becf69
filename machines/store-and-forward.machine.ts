import { and, assign, not, or, setup, stateIn } from 'xstate';

/** What a queue is made of. */
export interface QueueInput {
  /** Whether operations are carried out while the network is degraded. */
  readonly onDegraded: 'execute' | 'queue';
}

/** Commands are imperative, facts past. */
export type QueueEvent =
  /** Something may be due: an operation was handed in, or time has come. */
  | { readonly type: 'drain' }
  /** A pass has carried out what was due. `waitMs` is how long until the next is; at most as long as others may need. */
  | { readonly type: 'passEnded'; readonly pass: number; readonly waitMs: number }
  | { readonly type: 'networkChanged'; readonly status: 'online' | 'degraded' | 'offline' }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' };

/** What a queue remembers. */
export interface QueueContext extends QueueInput {
  /** Numbers the passes; the end of an older one counts for nothing. */
  readonly pass: number;
  /** Whether something may have become due since the pass under way began. */
  readonly isWanted: boolean;
  readonly waitMs: number;
}

/** The state value. */
export interface QueueStateValue {
  readonly network: 'online' | 'degraded' | 'offline';
  readonly drain: 'resting' | 'draining' | 'paused';
}

const mayRun = or([
  stateIn({ network: 'online' }),
  and([stateIn({ network: 'degraded' }), 'executesDegraded']),
]);

/**
 * When a store-and-forward queue is drained. It carries nothing out: whoever carries it sees `draining`, makes the pass of
 * that number, and says when the next operation is due.
 *
 * ```mermaid
 * stateDiagram-v2
 *   state network {
 *     [*] --> online
 *     online --> offline: networkChanged
 *     offline --> online: networkChanged
 *     online --> degraded: networkChanged
 *     degraded --> online: networkChanged
 *     degraded --> offline: networkChanged
 *     offline --> degraded: networkChanged
 *   }
 *   state drain {
 *     [*] --> resting
 *     resting --> draining: something may be due, and the network is there
 *     draining --> resting: passEnded
 *     resting --> paused: pause
 *     draining --> paused: pause
 *     paused --> resting: resume
 *   }
 * ```
 *
 * Invariants: one pass at a time; none begins while the network is away or the queue is paused; what becomes due during a
 * pass has another one follow, so nothing is forgotten and no pass is endless; the network's return, a resume and the end of
 * a wait each have one follow.
 */
export const storeAndForwardMachine = setup({
  types: {} as { context: QueueContext; events: QueueEvent; input: QueueInput },
  delays: { wait: ({ context }) => context.waitMs },
  guards: {
    executesDegraded: ({ context }) => context.onDegraded === 'execute',
    isWanted: ({ context }) => context.isWanted,
    isOnline: ({ event }) => event.type === 'networkChanged' && event.status === 'online',
    isDegraded: ({ event }) => event.type === 'networkChanged' && event.status === 'degraded',
    isOffline: ({ event }) => event.type === 'networkChanged' && event.status === 'offline',
    isCurrent: ({ context, event }) => event.type === 'passEnded' && event.pass === context.pass,
  },
  actions: {
    want: assign({ isWanted: true }),
    begin: assign({ pass: ({ context }) => context.pass + 1, isWanted: false }),
    wait: assign({
      waitMs: ({ context, event }) => (event.type === 'passEnded' ? event.waitMs : context.waitMs),
    }),
  },
}).createMachine({
  id: 'storeAndForward',
  context: ({ input }) => ({ ...input, pass: 0, isWanted: false, waitMs: 0 }),
  type: 'parallel',
  on: { drain: { actions: 'want' } },
  states: {
    network: {
      initial: 'online',
      on: {
        networkChanged: [
          { guard: 'isOnline', target: '.online', actions: 'want' },
          { guard: 'isDegraded', target: '.degraded', actions: 'want' },
          { guard: 'isOffline', target: '.offline' },
        ],
      },
      states: { online: {}, degraded: {}, offline: {} },
    },
    drain: {
      initial: 'resting',
      states: {
        resting: {
          always: { guard: and(['isWanted', mayRun]), target: 'draining' },
          after: { wait: { guard: not('isWanted'), actions: 'want' } },
          on: { pause: 'paused' },
        },
        draining: {
          entry: 'begin',
          on: {
            passEnded: { guard: 'isCurrent', target: 'resting', actions: 'wait' },
            pause: 'paused',
          },
        },
        paused: { on: { resume: { target: 'resting', actions: 'want' } } },
      },
    },
  },
});
