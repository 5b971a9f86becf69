import fc from 'fast-check';
import type { SnapshotFrom } from 'xstate';
import {
  type CallRun,
  type CircuitContext,
  type CircuitStateValue,
  circuitBreakerMachine,
  type TripRule,
} from '../../../machines/circuit-breaker.machine.ts';
import { defineModel, type ModelStep, type Moment } from '../../../runtime/testing/index.ts';
import { mustTrip } from '../must-trip.ts';
import { machineModel } from './machine-model.ts';
import { shares } from './shares.ts';

type Circuit = SnapshotFrom<typeof circuitBreakerMachine>;
type CircuitStep = Moment<typeof circuitBreakerMachine>['step'];

/** Calls end at full tenths of the window, which are the slices of time that a circuit counts in. */
const windowMs = 100;
const sliceMs = windowMs / 10;

const rates = fc.constantFrom(0.25, 0.5, 1);
const rules: fc.Arbitrary<TripRule> = fc.oneof(
  fc.record({ rule: fc.constant('consecutive' as const), failures: fc.integer({ min: 1, max: 5 }) }),
  fc.record({
    rule: fc.constant('count' as const),
    calls: fc.integer({ min: 1, max: 12 }),
    callsMin: fc.integer({ min: 1, max: 12 }),
    failureRate: rates,
  }),
  fc.record({
    rule: fc.constant('time' as const),
    windowMs: fc.constant(windowMs),
    callsMin: fc.integer({ min: 1, max: 6 }),
    failureRate: rates,
  }),
);
const holder = fc.integer({ min: 1, max: 3 });

/** Calls that end after those that were reported before. */
function calls(past: readonly ModelStep[]) {
  const reports = past.filter((step) => 'runs' in step) as unknown as { readonly runs: readonly CallRun[] }[];
  const slice = Math.max(0, ...reports.flatMap(({ runs }) => runs.map(({ at }) => at))) / sliceMs;
  const run = fc.record({
    outcome: fc.constantFrom('ok' as const, 'failed' as const),
    count: fc.integer({ min: 1, max: 4 }),
    at: fc.integer({ min: slice, max: slice + 12 }).map(
      (each) => each * sliceMs,
      (at) => (at as number) / sliceMs,
    ),
  });
  return fc.array(run, { minLength: 1, maxLength: 3 }).map(
    (runs) => runs.toSorted((one, other) => one.at - other.at),
    (runs) => runs as CallRun[],
  );
}

function modelOf(machine: typeof circuitBreakerMachine) {
  return defineModel(machine, {
    input: fc.record({
      trip: rules,
      openMs: fc.integer({ min: 1, max: 1_000 }),
      openMaxMs: fc.integer({ min: 1_000, max: 5_000 }),
      jitter: shares,
      probeMs: fc.integer({ min: 1, max: 1_000 }),
      onDegraded: fc.constantFrom('execute', 'queue'),
    }),
    events: {
      reported: (_: unknown, past: readonly ModelStep[]) => fc.record({ runs: calls(past), random: shares }),
      probeEnded: ({ context: { probe } }: { context: CircuitContext }) =>
        fc.record({
          probe: fc.constantFrom(probe, probe, probe - 1, probe + 1),
          outcome: fc.constantFrom('ok', 'failed', 'unknown'),
          random: shares,
        }),
      networkChanged: fc.record({ status: fc.constantFrom('online', 'degraded', 'offline') }),
      isolate: fc.record({ holder, reason: fc.constantFrom(null, 'maintenance') }),
      release: fc.record({ holder }),
    },
    weights: { reported: 3, probeBegan: 3, probeEnded: 3, isolate: 0.5 },
  });
}

const stateOf = ({ value }: Circuit): CircuitStateValue => value as unknown as CircuitStateValue;

/** The state of the circuit in one word. */
function circuitOf(circuit: Circuit): string {
  const state = stateOf(circuit).circuit;
  return typeof state === 'string' ? state : state.halfOpen;
}

const isHalfOpen = (circuit: Circuit): boolean => typeof stateOf(circuit).circuit === 'object';
const isOffline = (circuit: Circuit): boolean => stateOf(circuit).network === 'offline';
const typeOf = (step: CircuitStep): string => ('type' in step ? step.type : '');
const isBack = (before: Circuit, after: Circuit): boolean => isOffline(before) && !isOffline(after);

/** How long a circuit stays open that has opened so many times in a row. */
function openForMs({ openMs, openMaxMs, jitter }: CircuitContext, openings: number, chance: number): number {
  let ms = openMs;
  for (let opening = 1; opening < openings; opening++) ms *= 2;
  return Math.max(1, Math.round(Math.min(ms, openMaxMs) * (1 - jitter + 2 * jitter * chance)));
}

export const circuitBreaker = machineModel('circuit-breaker', circuitBreakerMachine, modelOf, {
  invariants: {
    'an opening and a probe have their end, and nothing else is waited for': (state, { timers }) => {
      const { openForMs: ms, probeMs } = state.context;
      const expected = { open: [ms], probing: [probeMs] }[circuitOf(state)] ?? [];
      return JSON.stringify(timers.map(({ delayMs }) => delayMs)) === JSON.stringify(expected);
    },
    'the queue drains exactly while something waits, the network lets it through and the circuit does': (
      state,
    ) => {
      const { network, circuit, drain } = stateOf(state);
      const mayCall =
        network === 'online' || (network === 'degraded' && state.context.onDegraded === 'execute');
      const isExpected = state.context.hasQueued && mayCall && (circuit === 'closed' || isHalfOpen(state));
      return drain === 'paused' || (drain === 'draining') === isExpected;
    },
    'it remembers no more than the rule looks at': ({ context: { trip, runs } }) => {
      const sum = runs.reduce((all, { count }) => all + count, 0);
      if (trip.rule === 'consecutive') return runs.length <= 1;
      return trip.rule === 'count' ? sum <= trip.calls : runs.length <= 2 * 11;
    },
  },
  steps: {
    'the network is what was last heard of it': (before, step, after) =>
      stateOf(after).network ===
      ('type' in step && step.type === 'networkChanged' ? step.status : stateOf(before).network),
    'what is reported while the network is away counts for nothing': (before, step, after) =>
      typeOf(step) !== 'reported' || !isOffline(before) || after.context.runs === before.context.runs,
    'one probe at a time decides, and an older one decides nothing': (before, step, after) => {
      if (after.context.probe !== before.context.probe)
        return circuitOf(before) === 'waiting' && typeOf(step) === 'probeBegan';
      if (!('type' in step) || step.type !== 'probeEnded' || step.probe === before.context.probe) return true;
      return circuitOf(after) === circuitOf(before);
    },
    'a probe decides by how it ended': (before, step, after) => {
      const isOfProbe = 'type' in step && step.type === 'probeEnded' && step.probe === before.context.probe;
      if (circuitOf(before) !== 'probing') return true;
      if ('timer' in step) return circuitOf(after) === (isOffline(before) ? 'waiting' : 'open');
      if (typeOf(step) === 'isolate') return circuitOf(after) === 'isolated';
      if (!isOfProbe) return circuitOf(after) === 'probing';
      if (step.outcome === 'ok') return circuitOf(after) === 'closed';
      return circuitOf(after) === (step.outcome === 'failed' && !isOffline(before) ? 'open' : 'waiting');
    },
    'an open circuit is tried when its time has passed or the network is back, and only then': (
      before,
      step,
      after,
    ) => {
      if (circuitOf(before) !== 'open') return true;
      if ('timer' in step || isBack(before, after)) return circuitOf(after) === 'waiting';
      return circuitOf(after) === (typeOf(step) === 'isolate' ? 'isolated' : 'open');
    },
    'it is paused from a pause to a resume': (before, step, after) => {
      const wasPaused = stateOf(before).drain === 'paused';
      const isPaused = typeOf(step) === 'pause' || (wasPaused && typeOf(step) !== 'resume');
      return isPaused === (stateOf(after).drain === 'paused');
    },
    'something waits from when it is queued until all is emptied': (before, step, after) => {
      const { hasQueued } = before.context;
      const expected = typeOf(step) === 'queued' || (hasQueued && typeOf(step) !== 'emptied');
      return after.context.hasQueued === expected;
    },
  },
  traces: {
    'a closed circuit opens when its rule says so, and by nothing else': (moments) => {
      let counted: CallRun[] = [];
      for (const { step, before, after } of moments) {
        const wasClosed = circuitOf(before) === 'closed';
        if (!wasClosed || isBack(before, after) || typeOf(step) === 'slept') counted = [];
        if (!wasClosed) continue;
        const isReport = 'runs' in step && !isOffline(before);
        if (isReport) counted.push(...step.runs);
        const isExpected = isReport && mustTrip(after.context.trip, counted);
        if ((circuitOf(after) === 'open') !== isExpected) return false;
      }
      return true;
    },
    'openings in a row take twice as long each, up to the longest, with their jitter': (moments) => {
      let openings = 0;
      for (const { step, before, after } of moments) {
        if (circuitOf(after) === 'closed') openings = 0;
        const hasOpened = circuitOf(after) === 'open' && circuitOf(before) !== 'open';
        if (!hasOpened) continue;
        openings++;
        const chance = 'random' in step && typeof step.random === 'number' ? step.random : 0.5;
        if (after.context.openForMs !== openForMs(after.context, openings, chance)) return false;
      }
      return true;
    },
    'it is isolated exactly as long as somebody holds it, and knows who and why': (moments) => {
      const holders = new Map<number, string | null>();
      for (const { step, before, after } of moments) {
        if ('type' in step && step.type === 'isolate') {
          holders.delete(step.holder);
          holders.set(step.holder, step.reason);
        }
        if ('type' in step && step.type === 'release' && circuitOf(before) === 'isolated')
          holders.delete(step.holder);
        if ((circuitOf(after) === 'isolated') !== holders.size > 0) return false;
        const known = after.context.holders.map((each) => [each.holder, each.reason]);
        if (JSON.stringify(known) !== JSON.stringify([...holders])) return false;
      }
      return true;
    },
  },
  eventually: {
    'it can be closed': (state) => circuitOf(state) === 'closed',
    'the queue can drain': (state) => stateOf(state).drain === 'draining',
  },
  coverage: { states: 1, transitions: 1 },
});
