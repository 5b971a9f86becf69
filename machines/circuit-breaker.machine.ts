import { and, assign, not, or, setup, stateIn } from 'xstate';

/** When a circuit opens. A slow call counts like a failed one. */
export type TripRule =
  /** After so many failures in a row. */
  | { readonly rule: 'consecutive'; readonly failures: number }
  /** When this share of the last `calls` failed, of which there must be at least `callsMin`. */
  | {
      readonly rule: 'count';
      readonly calls: number;
      readonly callsMin: number;
      readonly failureRate: number;
    }
  /** When this share of the calls of the last `windowMs` failed, of which there must be at least `callsMin`. */
  | {
      readonly rule: 'time';
      readonly windowMs: number;
      readonly callsMin: number;
      readonly failureRate: number;
    };

/** What a circuit is made of. Durations are milliseconds. */
export interface CircuitInput {
  readonly trip: TripRule;
  /** How long it stays open the first time; doubled with every probe that fails, up to `openMaxMs`. */
  readonly openMs: number;
  readonly openMaxMs: number;
  /** Share by which that is shorter or longer, 0 to 1. */
  readonly jitter: number;
  /** How long a probe may take before the circuit opens again. */
  readonly probeMs: number;
  /** Whether calls are carried out while the network is degraded. */
  readonly onDegraded: 'execute' | 'queue';
}

/**
 * So many calls in a row that ended alike. `at` is when the first of them ended, by the caller's monotonic clock: for the rule
 * that looks at times, a run is no longer than a tenth of its window.
 */
export interface CallRun {
  readonly outcome: 'ok' | 'failed';
  readonly count: number;
  readonly at: number;
}

/** What is known of the network. */
export type NetworkStatus = 'online' | 'degraded' | 'offline';

/** Commands are imperative, facts past. `random` is between 0 and 1. */
export type CircuitEvent =
  | { readonly type: 'reported'; readonly runs: readonly CallRun[]; readonly random: number }
  | { readonly type: 'probeBegan' }
  | {
      readonly type: 'probeEnded';
      readonly probe: number;
      readonly outcome: 'ok' | 'failed' | 'unknown';
      readonly random: number;
    }
  | { readonly type: 'networkChanged'; readonly status: NetworkStatus }
  /** The computer has slept: what was counted before says nothing any more. */
  | { readonly type: 'slept' }
  | { readonly type: 'isolate'; readonly holder: number; readonly reason: string | null }
  | { readonly type: 'release'; readonly holder: number }
  | { readonly type: 'queued' }
  | { readonly type: 'emptied' }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' };

/** What a circuit remembers. */
export interface CircuitContext extends CircuitInput {
  /** The newest calls, as far as the rule looks back. */
  readonly runs: readonly CallRun[];
  /** Openings in a row without a probe that succeeded. */
  readonly attempt: number;
  readonly openForMs: number;
  /** Numbers the probes; the end of an older one counts for nothing. */
  readonly probe: number;
  readonly holders: readonly { readonly holder: number; readonly reason: string | null }[];
  readonly hasQueued: boolean;
}

/** The state value. */
export interface CircuitStateValue {
  readonly network: NetworkStatus;
  readonly circuit: 'closed' | 'open' | 'isolated' | { readonly halfOpen: 'waiting' | 'probing' };
  readonly drain: 'idle' | 'draining' | 'paused';
}

const isThere = not(stateIn({ network: 'offline' }));
const isBack = and([stateIn({ network: 'offline' }), not('isOffline')]);
const mayCall = or([
  stateIn({ network: 'online' }),
  and([stateIn({ network: 'degraded' }), 'executesDegraded']),
]);
const mayDrain = and([
  'hasQueued',
  mayCall,
  or([stateIn({ circuit: 'closed' }), stateIn({ circuit: 'halfOpen' })]),
]);

/**
 * Decides whether calls to a service are carried out, and when those that were put off are. Whoever carries it reports
 * how calls ended, and what is known of the network; it calls nobody.
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
 *   state circuit {
 *     [*] --> closed
 *     closed --> open: reported, and the rule says so
 *     open --> halfOpen: its time has passed, or the network is back
 *     halfOpen --> closed: the probe succeeded
 *     halfOpen --> open: the probe failed, or took too long
 *     closed --> isolated: isolate
 *     open --> isolated: isolate
 *     halfOpen --> isolated: isolate
 *     isolated --> closed: the last holder released it
 *   }
 *   state drain {
 *     [*] --> idle
 *     idle --> draining: something is queued, and may be called
 *     draining --> idle: nothing is queued, or it may not be called
 *     idle --> paused: pause
 *     draining --> paused: pause
 *     paused --> idle: resume
 *   }
 * ```
 *
 * Invariants: one probe at a time; what fails, or has no answer, while the network is offline counts for nothing; no opening
 * is longer than `openMaxMs` with its jitter; the drain runs only while the network is there and the circuit is closed or half
 * open; isolated as long as anybody holds it. The states are those of Nygard, "Release It!" (2007), chapter 5.
 */
export const circuitBreakerMachine = setup({
  types: {} as { context: CircuitContext; events: CircuitEvent; input: CircuitInput },
  delays: {
    open: ({ context }) => context.openForMs,
    probe: ({ context }) => context.probeMs,
  },
  guards: {
    trips: ({ context, event }) => event.type === 'reported' && trips(context, sampled(context, event.runs)),
    isOnline: ({ event }) => event.type === 'networkChanged' && event.status === 'online',
    isDegraded: ({ event }) => event.type === 'networkChanged' && event.status === 'degraded',
    isOffline: ({ event }) => event.type === 'networkChanged' && event.status === 'offline',
    executesDegraded: ({ context }) => context.onDegraded === 'execute',
    hasSucceeded: ({ context, event }) => isOfProbe(context, event) && event.outcome === 'ok',
    hasFailed: ({ context, event }) => isOfProbe(context, event) && event.outcome === 'failed',
    hasEnded: ({ context, event }) => isOfProbe(context, event),
    isLastHolder: ({ context, event }) =>
      event.type === 'release' && context.holders.every(({ holder }) => holder === event.holder),
    hasQueued: ({ context }) => context.hasQueued,
  },
  actions: {
    sample: assign(({ context, event }) =>
      event.type === 'reported' ? { runs: sampled(context, event.runs) } : {},
    ),
    open: assign(({ context, event }) => opened(context, 'random' in event ? event.random : 0.5)),
    forget: assign({ runs: [] }),
    close: assign({ runs: [], attempt: 0 }),
    beginProbe: assign({ probe: ({ context }) => context.probe + 1 }),
    hold: assign(({ context, event }) => {
      if (event.type !== 'isolate') return {};
      const { holder, reason } = event;
      return { holders: [...context.holders.filter((each) => each.holder !== holder), { holder, reason }] };
    }),
    release: assign(({ context, event }) =>
      event.type === 'release'
        ? { holders: context.holders.filter(({ holder }) => holder !== event.holder) }
        : {},
    ),
    queue: assign({ hasQueued: true }),
    empty: assign({ hasQueued: false }),
  },
}).createMachine({
  id: 'circuitBreaker',
  context: ({ input }) => ({
    ...input,
    runs: [],
    attempt: 0,
    openForMs: input.openMs,
    probe: 0,
    holders: [],
    hasQueued: false,
  }),
  type: 'parallel',
  states: {
    network: {
      initial: 'online',
      on: {
        networkChanged: [
          { guard: 'isOnline', target: '.online' },
          { guard: 'isDegraded', target: '.degraded' },
          { guard: 'isOffline', target: '.offline' },
        ],
      },
      states: { online: {}, degraded: {}, offline: {} },
    },
    circuit: {
      initial: 'closed',
      on: {
        isolate: { target: '.isolated', actions: 'hold' },
        slept: { actions: 'forget' },
      },
      states: {
        closed: {
          entry: 'close',
          on: {
            reported: [
              { guard: and([isThere, 'trips']), target: 'open', actions: 'open' },
              { guard: isThere, actions: 'sample' },
            ],
            networkChanged: { guard: isBack, actions: 'forget' },
          },
        },
        open: {
          after: { open: 'halfOpen' },
          on: { networkChanged: { guard: isBack, target: 'halfOpen' } },
        },
        halfOpen: {
          initial: 'waiting',
          states: {
            waiting: { on: { probeBegan: { target: 'probing', actions: 'beginProbe' } } },
            probing: {
              after: {
                probe: [
                  { guard: isThere, target: '#circuitBreaker.circuit.open', actions: 'open' },
                  { target: 'waiting' },
                ],
              },
              on: {
                probeEnded: [
                  { guard: 'hasSucceeded', target: '#circuitBreaker.circuit.closed' },
                  {
                    guard: and([isThere, 'hasFailed']),
                    target: '#circuitBreaker.circuit.open',
                    actions: 'open',
                  },
                  { guard: 'hasEnded', target: 'waiting' },
                ],
              },
            },
          },
        },
        isolated: {
          on: {
            isolate: { actions: 'hold' },
            release: [
              { guard: 'isLastHolder', target: 'closed', actions: 'release' },
              { actions: 'release' },
            ],
          },
        },
      },
    },
    drain: {
      initial: 'idle',
      on: { queued: { actions: 'queue' }, emptied: { actions: 'empty' } },
      states: {
        idle: {
          always: {
            guard: mayDrain,
            target: 'draining',
          },
          on: { pause: 'paused' },
        },
        draining: {
          always: {
            guard: not(mayDrain),
            target: 'idle',
          },
          on: { pause: 'paused' },
        },
        paused: { on: { resume: 'idle' } },
      },
    },
  },
});

function isOfProbe(
  { probe }: CircuitContext,
  event: CircuitEvent,
): event is Extract<CircuitEvent, { type: 'probeEnded' }> {
  return event.type === 'probeEnded' && event.probe === probe;
}

function opened(
  { attempt, openMs, openMaxMs, jitter }: CircuitContext,
  random: number,
): Partial<CircuitContext> {
  const doubledMs = Math.min(openMaxMs, openMs * 2 ** attempt);
  const openForMs = Math.max(1, Math.round(doubledMs * (1 + jitter * (2 * random - 1))));
  return { attempt: attempt + 1, openForMs, runs: [] };
}

/** The calls that the rule looks at, with those that have just ended; calls that ended alike are one run. */
function sampled({ trip, runs }: CircuitContext, reported: readonly CallRun[]): readonly CallRun[] {
  const all = [...runs, ...reported];
  if (trip.rule === 'consecutive') {
    const lastOk = all.findLastIndex(({ outcome }) => outcome === 'ok');
    return joined(all.slice(lastOk + 1));
  }
  if (trip.rule === 'time') {
    const since = (all.at(-1)?.at ?? 0) - trip.windowMs;
    return sliced(
      all.filter(({ at }) => at > since),
      trip.windowMs / 10,
    );
  }
  return newest(all, trip.calls);
}

/** Failures in a row are one run, however many reports they came in. */
function joined(runs: readonly CallRun[]): readonly CallRun[] {
  const last = runs.at(-1);
  return last === undefined ? [] : [{ ...last, count: runs.reduce((sum, { count }) => sum + count, 0) }];
}

/** Runs of a slice of time are one of each kind, however many there were, so that a window has at most so many. */
function sliced(runs: readonly CallRun[], sliceMs: number): readonly CallRun[] {
  const slices = new Map<string, CallRun>();
  for (const run of runs) {
    const key = `${Math.floor(run.at / sliceMs)} ${run.outcome}`;
    const known = slices.get(key);
    slices.set(key, known === undefined ? run : { ...run, count: known.count + run.count });
  }
  return [...slices.values()];
}

function newest(runs: readonly CallRun[], calls: number): readonly CallRun[] {
  const kept: CallRun[] = [];
  let left = calls;
  for (const run of runs.toReversed()) {
    if (left === 0) break;
    const count = Math.min(left, run.count);
    kept.push({ ...run, count });
    left -= count;
  }
  return kept.reverse();
}

function trips({ trip }: CircuitContext, runs: readonly CallRun[]): boolean {
  const failures = countOf(runs.filter(({ outcome }) => outcome === 'failed'));
  if (trip.rule === 'consecutive') return failures >= trip.failures;
  const calls = countOf(runs);
  return failures > 0 && calls >= trip.callsMin && failures / calls >= trip.failureRate;
}

function countOf(runs: readonly CallRun[]): number {
  return runs.reduce((sum, { count }) => sum + count, 0);
}
