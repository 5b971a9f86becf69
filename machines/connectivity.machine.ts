import { assign, raise, setup } from 'xstate';

/** What a probe found. `failed`: it threw or did not answer in time, which counts like `offline`. */
export type ProbeOutcome = 'online' | 'offline' | 'degraded' | 'failed';

/** How connectivity is found out. Durations are milliseconds. */
export interface ConnectivityInput {
  /** Between two checks while the network is there. */
  readonly intervalMs: number;
  /** Between two checks while it is not, or while one failed check waits for a second opinion. */
  readonly offlineIntervalMs: number;
  /** How long a check may take. */
  readonly timeoutMs: number;
  /** No check begins earlier than this after the last one has ended, however many calls fail. */
  readonly pauseMs: number;
  /** Share of an interval by which it may be shorter or longer, 0 to 1. */
  readonly jitter: number;
  /** Failed checks in a row until `offline` is believed. */
  readonly offlineAfter: number;
  /** Good checks in a row until `online` is believed. */
  readonly onlineAfter: number;
}

/** Commands are imperative, facts past. */
export type ConnectivityEvent =
  /** Check `check` has found something. `random` is between 0 and 1, and spreads the next check. */
  | {
      readonly type: 'checked';
      readonly check: number;
      readonly outcome: ProbeOutcome;
      readonly reason: string | null;
      readonly random: number;
    }
  /** A check is wanted now: somebody asks, a call failed as calls do without a network, or the computer woke up. */
  | { readonly type: 'check' }
  | {
      readonly type: 'override';
      readonly status: 'online' | 'offline' | 'degraded';
      readonly reason: string | null;
    }
  | { readonly type: 'release' };

/** What is known of the network. */
export interface ConnectivityContext extends ConnectivityInput {
  /** Numbers the checks. */
  readonly check: number;
  /** Whether that one has no answer yet; another answer is late and counts for nothing. */
  readonly isOpen: boolean;
  /** In a row. */
  readonly failures: number;
  readonly successes: number;
  /** Whether it is in `offline`, and a good check is not yet believed. */
  readonly isOffline: boolean;
  /** Why it is degraded or offline; `null` if nobody said. */
  readonly reason: string | null;
  readonly waitMs: number;
  /** What holds instead of what was probed. */
  readonly override: {
    readonly status: 'online' | 'offline' | 'degraded';
    readonly reason: string | null;
  } | null;
}

/** The state value. */
export interface ConnectivityStateValue {
  readonly status: 'unknown' | 'online' | 'degraded' | 'offline';
  readonly probing: 'checking' | 'pausing' | 'waiting';
  readonly control: 'automatic' | 'manual';
}

type Checked = Extract<ConnectivityEvent, { type: 'checked' }>;

/**
 * The one source of truth about the network. It probes nothing itself: whoever carries it sees `probing.checking` and
 * runs the probe of that number.
 *
 * ```mermaid
 * stateDiagram-v2
 *   state status {
 *     [*] --> unknown
 *     unknown --> online: first check
 *     unknown --> offline: first check
 *     unknown --> degraded: first check
 *     online --> offline: offlineAfter failed checks in a row
 *     offline --> online: onlineAfter good checks in a row
 *     online --> degraded: checked
 *     degraded --> online: onlineAfter good checks in a row
 *     degraded --> offline: offlineAfter failed checks in a row
 *     offline --> degraded: checked
 *   }
 *   state probing {
 *     [*] --> checking
 *     checking --> pausing: checked, or timeoutMs have passed
 *     pausing --> waiting: pauseMs have passed
 *     pausing --> checking: pauseMs have passed, and a check was wanted
 *     waiting --> checking: check, or the interval has passed
 *   }
 * ```
 *
 * Invariants: one check at a time; an answer to another check than the current one changes nothing; `unknown` ends with
 * the first outcome and never comes back; online turns to offline only after `offlineAfter` failures in a row; between two
 * checks lie at least `pauseMs`; an override hides what is probed and loses nothing of it.
 */
export const connectivityMachine = setup({
  types: {} as { context: ConnectivityContext; events: ConnectivityEvent; input: ConnectivityInput },
  delays: {
    timeout: ({ context }) => context.timeoutMs,
    pause: ({ context }) => context.pauseMs,
    interval: ({ context }) => context.waitMs,
  },
  guards: {
    isCurrent: ({ context, event }) => isCurrent(context, event),
    isOnline: ({ context, event }) =>
      isCurrent(context, event) && event.outcome === 'online' && context.successes + 1 >= context.onlineAfter,
    isOnlineAtFirst: ({ context, event }) => isCurrent(context, event) && event.outcome === 'online',
    isDegraded: ({ context, event }) => isCurrent(context, event) && event.outcome === 'degraded',
    isOffline: ({ context, event }) =>
      isCurrent(context, event) && isFailure(event) && context.failures + 1 >= context.offlineAfter,
    isOfflineAtFirst: ({ context, event }) => isCurrent(context, event) && isFailure(event),
    wasWaitedFor: ({ context }) => context.waitMs === 0,
  },
  actions: {
    begin: assign({ check: ({ context }) => context.check + 1, isOpen: true }),
    count: assign(({ context, event }) => (isCurrent(context, event) ? counted(context, event) : {})),
    giveUp: raise(({ context: { check } }) => ({
      type: 'checked' as const,
      check,
      outcome: 'failed' as const,
      reason: 'no answer in time',
      random: 0.5,
    })),
    wantCheck: assign({ waitMs: 0 }),
    // Before `count`, which comes after all exits.
    markFound: assign({ isOffline: false }),
    markLost: assign({ isOffline: true }),
    override: assign({
      override: ({ event }) =>
        event.type === 'override' ? { status: event.status, reason: event.reason } : null,
    }),
    release: assign({ override: null }),
  },
}).createMachine({
  id: 'connectivity',
  context: ({ input }) => ({
    ...input,
    check: 0,
    isOpen: false,
    failures: 0,
    successes: 0,
    isOffline: false,
    reason: null,
    waitMs: input.intervalMs,
    override: null,
  }),
  type: 'parallel',
  states: {
    status: {
      initial: 'unknown',
      states: {
        unknown: {
          on: {
            checked: [
              { guard: 'isOnlineAtFirst', target: 'online' },
              { guard: 'isDegraded', target: 'degraded' },
              { guard: 'isOfflineAtFirst', target: 'offline' },
            ],
          },
        },
        online: {
          on: {
            checked: [
              { guard: 'isDegraded', target: 'degraded' },
              { guard: 'isOffline', target: 'offline' },
            ],
          },
        },
        degraded: {
          on: {
            checked: [
              { guard: 'isOnline', target: 'online' },
              { guard: 'isOffline', target: 'offline' },
            ],
          },
        },
        offline: {
          entry: 'markLost',
          exit: 'markFound',
          on: {
            checked: [
              { guard: 'isOnline', target: 'online' },
              { guard: 'isDegraded', target: 'degraded' },
            ],
          },
        },
      },
    },
    probing: {
      initial: 'checking',
      states: {
        checking: {
          entry: 'begin',
          on: { checked: { guard: 'isCurrent', target: 'pausing', actions: 'count' } },
          after: { timeout: { actions: 'giveUp' } },
        },
        pausing: {
          on: { check: { actions: 'wantCheck' } },
          after: { pause: [{ guard: 'wasWaitedFor', target: 'checking' }, { target: 'waiting' }] },
        },
        waiting: { on: { check: 'checking' }, after: { interval: 'checking' } },
      },
    },
    control: {
      initial: 'automatic',
      states: {
        automatic: { on: { override: { target: 'manual', actions: 'override' } } },
        manual: {
          on: { override: { actions: 'override' }, release: { target: 'automatic', actions: 'release' } },
        },
      },
    },
  },
});

function isCurrent(context: ConnectivityContext, event: ConnectivityEvent): event is Checked {
  return event.type === 'checked' && context.isOpen && event.check === context.check;
}

function isFailure({ outcome }: Checked): boolean {
  return outcome === 'offline' || outcome === 'failed';
}

function counted(
  { failures, successes, isOffline, intervalMs, offlineIntervalMs, jitter }: ConnectivityContext,
  event: Checked,
): Partial<ConnectivityContext> {
  const hasFailed = isFailure(event);
  const isSettled = !hasFailed && event.outcome === 'online';
  const waitMs =
    (hasFailed || isOffline ? offlineIntervalMs : intervalMs) * (1 + jitter * (2 * event.random - 1));
  return {
    isOpen: false,
    failures: hasFailed ? failures + 1 : 0,
    successes: isSettled ? successes + 1 : 0,
    reason: isSettled ? null : event.reason,
    waitMs: Math.max(1, Math.round(waitMs)),
  };
}
