import fc from 'fast-check';
import type { SnapshotFrom } from 'xstate';
import {
  type ConnectivityContext,
  type ConnectivityStateValue,
  connectivityMachine,
  type ProbeOutcome,
} from '../../../machines/connectivity.machine.ts';
import { defineModel } from '../../../runtime/testing/index.ts';
import { machineModel } from './machine-model.ts';
import { shares } from './shares.ts';

type NetworkSnapshot = SnapshotFrom<typeof connectivityMachine>;

const stateOf = ({ value }: NetworkSnapshot): ConnectivityStateValue =>
  value as unknown as ConnectivityStateValue;

const statuses = fc.constantFrom('online' as const, 'degraded' as const, 'offline' as const);
const outcomes = fc.constantFrom<ProbeOutcome>('online', 'degraded', 'offline', 'failed');
const reasons = fc.constantFrom(null, 'captive portal', 'no route');

function modelOf(machine: typeof connectivityMachine) {
  return defineModel(machine, {
    input: fc.record({
      intervalMs: fc.integer({ min: 1, max: 100_000 }),
      offlineIntervalMs: fc.integer({ min: 1, max: 100_000 }),
      timeoutMs: fc.integer({ min: 1, max: 5_000 }),
      pauseMs: fc.integer({ min: 1, max: 100 }),
      jitter: shares,
      offlineAfter: fc.integer({ min: 1, max: 4 }),
      onlineAfter: fc.integer({ min: 1, max: 4 }),
    }),
    events: {
      checked: ({ context: { check } }: { context: ConnectivityContext }) =>
        fc.record({
          check: fc.constantFrom(check, check, check, check - 1, check + 1),
          outcome: outcomes,
          reason: reasons,
          random: shares,
        }),
      override: fc.record({ status: statuses, reason: reasons }),
    },
    weights: { checked: 3 },
  });
}

/** What the network is taken for after one more outcome, said in another way than the chart does. */
function believed(
  status: ConnectivityStateValue['status'],
  outcome: ProbeOutcome,
  { failures, successes, offlineAfter, onlineAfter }: ConnectivityContext,
): ConnectivityStateValue['status'] {
  if (outcome === 'degraded') return 'degraded';
  const isUnknown = status === 'unknown';
  if (outcome === 'online') return isUnknown || successes >= onlineAfter ? 'online' : status;
  return isUnknown || failures >= offlineAfter ? 'offline' : status;
}

export const connectivity = machineModel('connectivity', connectivityMachine, modelOf, {
  invariants: {
    'there is always one thing to come: a time-out, the end of a pause, or of an interval': (
      state,
      { timers },
    ) => {
      const { timeoutMs, pauseMs, waitMs } = state.context;
      const expected = { checking: timeoutMs, pausing: pauseMs, waiting: waitMs }[stateOf(state).probing];
      return timers.length === 1 && timers[0]?.delayMs === expected;
    },
    'an interval is never longer than the longest with its jitter, and never nothing': ({ context }) => {
      const longestMs = Math.max(context.intervalMs, context.offlineIntervalMs) * (1 + context.jitter);
      return context.waitMs >= 0 && context.waitMs <= Math.ceil(longestMs);
    },
    'a check is open exactly while it is under way': (state) =>
      state.context.isOpen === (stateOf(state).probing === 'checking'),
    'something is overridden exactly while the control is manual': (state) =>
      (state.context.override !== null) === (stateOf(state).control === 'manual'),
  },
  steps: {
    'the answer to another check changes nothing': (before, step, after) =>
      !('type' in step && step.type === 'checked' && step.check !== before.context.check) ||
      JSON.stringify(after.value) === JSON.stringify(before.value),
    'unknown ends with the first outcome and never comes back': (before, step, after) =>
      (stateOf(before).status === 'unknown') === (stateOf(after).status === 'unknown') ||
      (stateOf(before).status === 'unknown' &&
        ('timer' in step || ('type' in step && step.type === 'checked'))),
    'a check begins only when the pause is over': (before, step, after) => {
      const begun = after.context.check - before.context.check;
      if (begun === 0) return true;
      const { probing } = stateOf(before);
      return begun === 1 && (probing === 'waiting' || (probing === 'pausing' && 'timer' in step));
    },
    'an override changes nothing of what is probed, and a probe nothing of an override': (
      before,
      step,
      after,
    ) => {
      const isControl = 'type' in step && (step.type === 'override' || step.type === 'release');
      const [one, other] = [stateOf(before), stateOf(after)];
      if (isControl) return one.status === other.status && one.probing === other.probing;
      return one.control === other.control && before.context.override === after.context.override;
    },
    'the next check is spread by its jitter around the interval of what was found': (before, step, after) => {
      if (stateOf(before).probing !== 'checking' || stateOf(after).probing !== 'pausing') return true;
      const { jitter, intervalMs, offlineIntervalMs } = before.context;
      const isGood = 'outcome' in step && (step.outcome === 'online' || step.outcome === 'degraded');
      const isThere = isGood && stateOf(after).status !== 'offline';
      const random = 'random' in step && typeof step.random === 'number' ? step.random : 0.5;
      const exactMs = (isThere ? intervalMs : offlineIntervalMs) * (1 - jitter + 2 * jitter * random);
      return Math.abs(after.context.waitMs - exactMs) <= 1;
    },
    'what is overridden is what was asked for': (_, step, after) => {
      if (!('type' in step) || step.type !== 'override') return true;
      const { override } = after.context;
      return override?.status === step.status && override.reason === step.reason;
    },
  },
  traces: {
    'the network is believed to be gone, and back, after so many checks in a row and no sooner': (
      moments,
    ) => {
      let [failures, successes] = [0, 0];
      for (const { step, before, after } of moments) {
        const hasAnswered = stateOf(before).probing === 'checking' && stateOf(after).probing !== 'checking';
        const { status } = stateOf(before);
        if (!hasAnswered) {
          if (stateOf(after).status !== status) return false;
          continue;
        }
        const outcome = 'type' in step && step.type === 'checked' ? step.outcome : 'failed';
        failures = outcome === 'offline' || outcome === 'failed' ? failures + 1 : 0;
        successes = outcome === 'online' ? successes + 1 : 0;
        if (after.context.failures !== failures || after.context.successes !== successes) return false;
        if (stateOf(after).status !== believed(status, outcome, after.context)) return false;
        const reason = outcome === 'online' ? null : 'reason' in step ? step.reason : 'no answer in time';
        if (after.context.reason !== reason) return false;
      }
      return true;
    },
    'an override is never passed over, and a release only where nothing is overridden': (moments) =>
      moments.every(({ step, outcome, before }) => {
        if (outcome !== 'refused' || !('type' in step)) return true;
        return step.type !== 'override' && (step.type !== 'release' || before.context.override === null);
      }),
    'a check that was wanted during the pause follows it at once, and no other': (moments) => {
      let isWanted = false;
      for (const { step, before, after } of moments) {
        const { probing } = stateOf(before);
        if (probing === 'checking') isWanted = false;
        if (probing === 'pausing' && 'type' in step && step.type === 'check') isWanted = true;
        if (probing === 'waiting' && 'type' in step && step.type === 'check')
          if (stateOf(after).probing !== 'checking') return false;
        if (probing === 'pausing' && 'timer' in step)
          if (stateOf(after).probing !== (isWanted ? 'checking' : 'waiting')) return false;
      }
      return true;
    },
  },
  eventually: {
    'it can be taken for online': (state) => stateOf(state).status === 'online',
    'it can be taken for offline': (state) => stateOf(state).status === 'offline',
  },
  coverage: { states: 1, transitions: 1 },
});
