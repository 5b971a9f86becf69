import fc from 'fast-check';
import { expect, test } from 'vitest';
import { initialSnapshot, step } from '../../actors/steps/bare-machine.ts';
import {
  type CallRun,
  type CircuitContext,
  type CircuitEvent,
  type CircuitInput,
  type CircuitStateValue,
  circuitBreakerMachine,
  type TripRule,
} from '../../machines/circuit-breaker.machine.ts';
import { mustTrip } from '../support/must-trip.ts';

const rules: fc.Arbitrary<TripRule> = fc.oneof(
  fc.record({ rule: fc.constant('consecutive' as const), failures: fc.integer({ min: 1, max: 5 }) }),
  fc.record({
    rule: fc.constant('count' as const),
    calls: fc.integer({ min: 1, max: 12 }),
    callsMin: fc.integer({ min: 1, max: 12 }),
    failureRate: fc.constantFrom(0.25, 0.5, 1),
  }),
  fc.record({
    rule: fc.constant('time' as const),
    windowMs: fc.integer({ min: 1, max: 200 }),
    callsMin: fc.integer({ min: 1, max: 6 }),
    failureRate: fc.constantFrom(0.25, 0.5, 1),
  }),
);

const inputs: fc.Arbitrary<CircuitInput> = fc.record({
  trip: rules,
  openMs: fc.integer({ min: 1, max: 1_000 }),
  openMaxMs: fc.integer({ min: 1_000, max: 5_000 }),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  probeMs: fc.constant(700),
  onDegraded: fc.constantFrom('execute' as const, 'queue' as const),
});

type Step =
  | { readonly step: 'calls'; readonly outcomes: readonly ('ok' | 'failed')[]; readonly afterMs: number }
  | { readonly step: 'ring' }
  | { readonly step: 'event'; readonly event: CircuitEvent };

const random = fc.double({ min: 0, max: 1, noNaN: true });
const events: fc.Arbitrary<CircuitEvent> = fc.oneof(
  fc.constant({ type: 'probeBegan' as const }),
  fc.record({
    type: fc.constant('probeEnded' as const),
    probe: fc.integer({ min: 1, max: 4 }),
    outcome: fc.constantFrom('ok' as const, 'failed' as const, 'unknown' as const),
    random,
  }),
  fc.record({
    type: fc.constant('networkChanged' as const),
    status: fc.constantFrom('online' as const, 'offline' as const, 'degraded' as const),
  }),
  fc.record({
    type: fc.constant('isolate' as const),
    holder: fc.integer({ min: 1, max: 3 }),
    reason: fc.constant(null),
  }),
  fc.record({ type: fc.constant('release' as const), holder: fc.integer({ min: 1, max: 3 }) }),
  fc.constantFrom<CircuitEvent>(
    { type: 'slept' },
    { type: 'queued' },
    { type: 'emptied' },
    { type: 'pause' },
    { type: 'resume' },
  ),
);

const scripts: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        step: fc.constant('calls' as const),
        outcomes: fc.array(fc.constantFrom('ok' as const, 'failed' as const), { minLength: 1, maxLength: 6 }),
        afterMs: fc.integer({ min: 0, max: 100 }),
      }),
    },
    { weight: 3, arbitrary: fc.constant({ step: 'ring' as const }) },
    { weight: 6, arbitrary: fc.record({ step: fc.constant('event' as const), event: events }) },
  ),
  { maxLength: 60 },
);

/** The circuit with its timers, of which the test says when they ring. */
class Circuit {
  snapshot;
  now = 0;
  readonly timers = new Map<string, { readonly event: CircuitEvent; readonly delayMs: number }>();

  constructor(input: CircuitInput) {
    this.snapshot = initialSnapshot(circuitBreakerMachine, input);
  }

  get state(): CircuitStateValue {
    return this.snapshot.value as unknown as CircuitStateValue;
  }

  get context(): CircuitContext {
    return this.snapshot.context as CircuitContext;
  }

  send(event: CircuitEvent): boolean {
    const next = step(circuitBreakerMachine, this.snapshot, event as never);
    if (!next.accepted) return false;
    this.snapshot = next.snapshot;
    for (const timer of next.asked.timers) {
      if (timer.change === 'set')
        this.timers.set(timer.name, { event: timer.event as never, delayMs: timer.delayMs });
      else if (timer.change === 'cancel') this.timers.delete(timer.name);
    }
    return true;
  }

  take(each: Step): void {
    if (each.step === 'event') this.send(each.event);
    else if (each.step === 'calls') {
      this.now += each.afterMs;
      const runs = each.outcomes.map((outcome): CallRun => ({ outcome, count: 1, at: this.now }));
      this.send({ type: 'reported', runs, random: 0.5 });
    } else {
      const [name, timer] = [...this.timers][0] ?? [];
      if (name === undefined || timer === undefined) return;
      this.timers.delete(name);
      this.send(timer.event);
    }
  }
}

const isHalfOpen = (circuit: CircuitStateValue['circuit']): boolean => typeof circuit === 'object';

test('a closed circuit opens when its rule says so, and by nothing else', () => {
  fc.assert(
    fc.property(inputs, scripts, (input, script) => {
      const circuit = new Circuit(input);
      let counted: CallRun[] = [];
      for (const each of script) {
        const before = circuit.state;

        circuit.take(each);

        const after = circuit.state;
        const isBack = before.network === 'offline' && after.network !== 'offline';
        if (before.circuit !== 'closed' || isBack || (each.step === 'event' && each.event.type === 'slept'))
          counted = [];
        if (each.step === 'calls' && before.circuit === 'closed' && before.network !== 'offline')
          counted.push(...each.outcomes.map((outcome) => ({ outcome, count: 1, at: circuit.now })));
        if (before.circuit !== 'closed') continue;
        const isReport = each.step === 'calls' && before.network !== 'offline';
        expect(after.circuit === 'open').toBe(isReport && mustTrip(input.trip, counted));
      }
    }),
  );
});

test('one probe at a time decides, an older one decides nothing, and it has a deadline', () => {
  fc.assert(
    fc.property(inputs, scripts, (input, script) => {
      const circuit = new Circuit(input);
      for (const each of script) {
        const before = circuit.state;
        const { probe } = circuit.context;

        circuit.take(each);

        const after = circuit.state;
        if (isHalfOpen(before.circuit) && after.circuit === 'closed')
          expect(each).toMatchObject({ event: { type: 'probeEnded', probe, outcome: 'ok' } });
        if (circuit.context.probe !== probe) expect(before.circuit).toEqual({ halfOpen: 'waiting' });
        const isTimed =
          after.circuit === 'open' ||
          (isHalfOpen(after.circuit) && JSON.stringify(after.circuit).includes('probing'));
        expect(circuit.timers.size).toBe(isTimed ? 1 : 0);
      }
    }),
  );
});

test('no opening is longer than the longest with its jitter, and those in a row get longer', () => {
  fc.assert(
    fc.property(inputs, scripts, (input, script) => {
      const circuit = new Circuit({ ...input, jitter: 0 });
      for (const each of script) {
        const before = circuit.context;
        circuit.take(each);
        const { attempt, openForMs } = circuit.context;

        expect(openForMs).toBeLessThanOrEqual(Math.max(input.openMaxMs, input.openMs));
        if (attempt > before.attempt && attempt > 1)
          expect(openForMs).toBeGreaterThanOrEqual(before.openForMs);
        if (circuit.state.circuit === 'closed') expect(attempt).toBe(0);
      }
    }),
  );
});

test('the queue drains exactly while something waits, the network lets it through and the circuit does', () => {
  fc.assert(
    fc.property(inputs, scripts, (input, script) => {
      const circuit = new Circuit(input);
      for (const each of script) {
        circuit.take(each);

        const { network, circuit: state, drain } = circuit.state;
        const mayCall = network === 'online' || (network === 'degraded' && input.onDegraded === 'execute');
        const isExpected = circuit.context.hasQueued && mayCall && (state === 'closed' || isHalfOpen(state));
        if (drain !== 'paused') expect(drain === 'draining').toBe(isExpected);
      }
    }),
  );
});

test('a circuit is isolated exactly as long as somebody holds it', () => {
  fc.assert(
    fc.property(inputs, scripts, (input, script) => {
      const circuit = new Circuit(input);
      const holders = new Set<number>();
      for (const each of script) {
        const wasIsolated = circuit.state.circuit === 'isolated';
        circuit.take(each);
        if (each.step === 'event' && each.event.type === 'isolate') holders.add(each.event.holder);
        if (each.step === 'event' && each.event.type === 'release' && wasIsolated)
          holders.delete(each.event.holder);

        expect(circuit.state.circuit === 'isolated').toBe(holders.size > 0);
      }
    }),
  );
});
