import fc from 'fast-check';
import { expect, test } from 'vitest';
import { initialSnapshot, step } from '../../actors/steps/bare-machine.ts';
import {
  type ConnectivityContext,
  type ConnectivityEvent,
  type ConnectivityInput,
  type ConnectivityStateValue,
  connectivityMachine,
  type ProbeOutcome,
} from '../../machines/connectivity.machine.ts';

const inputs: fc.Arbitrary<ConnectivityInput> = fc.record({
  intervalMs: fc.integer({ min: 1, max: 100_000 }),
  offlineIntervalMs: fc.integer({ min: 1, max: 100_000 }),
  timeoutMs: fc.constant(1_000),
  pauseMs: fc.constant(10),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  offlineAfter: fc.integer({ min: 1, max: 4 }),
  onlineAfter: fc.integer({ min: 1, max: 4 }),
});

type Move =
  | {
      readonly move: 'answer';
      readonly outcome: ProbeOutcome;
      readonly late: boolean;
      readonly random: number;
    }
  | { readonly move: 'ring' }
  | { readonly move: 'check' }
  | { readonly move: 'override'; readonly status: 'online' | 'offline' | 'degraded' }
  | { readonly move: 'release' };

const moves: fc.Arbitrary<readonly Move[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        move: fc.constant('answer' as const),
        outcome: fc.constantFrom<ProbeOutcome>('online', 'offline', 'degraded', 'failed'),
        late: fc.boolean(),
        random: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    },
    { weight: 6, arbitrary: fc.constant({ move: 'ring' as const }) },
    { weight: 2, arbitrary: fc.constant({ move: 'check' as const }) },
    {
      weight: 1,
      arbitrary: fc.record({
        move: fc.constant('override' as const),
        status: fc.constantFrom('online' as const, 'offline' as const, 'degraded' as const),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ move: 'release' as const }) },
  ),
  { maxLength: 80 },
);

/** The machine with its timers, of which the test says when one rings. */
class Probed {
  snapshot;
  readonly timers = new Map<string, { readonly event: ConnectivityEvent; readonly delayMs: number }>();

  constructor(input: ConnectivityInput) {
    this.snapshot = initialSnapshot(connectivityMachine, input);
    // What the beginning asks for: the first check has its time-out.
    this.timers.set('first', {
      event: { type: 'xstate.after.timeout.connectivity.probing.checking' } as never,
      delayMs: input.timeoutMs,
    });
  }

  get state(): ConnectivityStateValue {
    return this.snapshot.value as unknown as ConnectivityStateValue;
  }

  get context(): ConnectivityContext {
    return this.snapshot.context as ConnectivityContext;
  }

  send(event: ConnectivityEvent): void {
    const wasChecking = this.state.probing;
    const next = step(connectivityMachine, this.snapshot, event as never);
    if (!next.accepted) return;
    this.snapshot = next.snapshot;
    for (const timer of next.asked.timers) {
      if (timer.change === 'set')
        this.timers.set(timer.name, { event: timer.event as never, delayMs: timer.delayMs });
      else if (timer.change === 'cancel') this.timers.delete(timer.name);
    }
    if (wasChecking !== this.state.probing) this.timers.delete('first');
  }

  ring(): void {
    const [name, timer] = [...this.timers][0] ?? [];
    if (name === undefined || timer === undefined) return;
    this.timers.delete(name);
    this.send(timer.event);
  }

  move(move: Move): void {
    const { check } = this.context;
    if (move.move === 'ring') this.ring();
    else if (move.move === 'answer') {
      const { outcome, random, late } = move;
      this.send({ type: 'checked', check: late ? check - 1 : check, outcome, reason: null, random });
    } else if (move.move === 'override') this.send({ type: 'override', status: move.status, reason: null });
    else this.send({ type: move.move });
  }
}

test('a network that is not yet believed to be back is looked at as often as one that is gone', () => {
  const input = { intervalMs: 30_000, offlineIntervalMs: 5_000, timeoutMs: 1_000, pauseMs: 10, jitter: 0 };
  const probed = new Probed({ ...input, offlineAfter: 1, onlineAfter: 3 });
  const waits: unknown[] = [];
  const outcomes = ['online', 'failed', 'online', 'online', 'online', 'failed', 'degraded'] as const;
  for (const outcome of outcomes) {
    probed.move({ move: 'answer', outcome, late: false, random: 0.5 });
    waits.push([probed.state.status, probed.context.waitMs]);
    probed.ring();
    probed.ring();
  }

  expect(waits).toEqual([
    ['online', 30_000],
    ['offline', 5_000],
    ['offline', 5_000],
    ['offline', 5_000],
    ['online', 30_000],
    ['offline', 5_000],
    ['degraded', 30_000],
  ]);
});

test('the network is taken for gone, and for back, only after as many checks in a row as were asked for', () => {
  fc.assert(
    fc.property(inputs, moves, (input, script) => {
      const probed = new Probed(input);
      let failures = 0;
      let successes = 0;
      for (const move of script) {
        const before = probed.state;
        const { check } = probed.context;

        probed.move(move);

        const after = probed.state;
        const hasAnswered = before.probing === 'checking' && after.probing !== 'checking';
        if (hasAnswered) {
          const outcome = move.move === 'answer' ? move.outcome : 'failed';
          failures = outcome === 'offline' || outcome === 'failed' ? failures + 1 : 0;
          successes = outcome === 'online' ? successes + 1 : 0;
        } else expect(after.status).toBe(before.status);
        expect(probed.context).toMatchObject({ failures, successes });
        if (before.status !== 'offline' && before.status !== 'unknown' && after.status === 'offline')
          expect(failures).toBeGreaterThanOrEqual(input.offlineAfter);
        if (before.status === 'offline' && after.status === 'online')
          expect(successes).toBeGreaterThanOrEqual(input.onlineAfter);
        if (before.status !== 'unknown') expect(after.status).not.toBe('unknown');
        expect(probed.context.check).toBeGreaterThanOrEqual(check);
      }
    }),
  );
});

test('there is always something to come: an answer, its time-out, a pause or an interval', () => {
  fc.assert(
    fc.property(inputs, moves, (input, script) => {
      const probed = new Probed(input);
      for (const move of script) {
        probed.move(move);

        expect(probed.timers.size).toBe(1);
        const [{ delayMs } = { delayMs: -1 }] = [...probed.timers.values()];
        const longestMs = 2 * Math.max(input.intervalMs, input.offlineIntervalMs, input.timeoutMs) + 1;
        expect(delayMs).toBeGreaterThan(0);
        expect(delayMs).toBeLessThanOrEqual(longestMs);
      }
    }),
  );
});

test('a check never begins before the one before has ended and the pause is over', () => {
  fc.assert(
    fc.property(inputs, moves, (input, script) => {
      const probed = new Probed(input);
      for (const move of script) {
        const before = probed.state.probing;
        const { check } = probed.context;

        probed.move(move);

        const isNew = probed.state.probing === 'checking' && probed.context.check !== check;
        if (isNew) expect(before === 'waiting' || (before === 'pausing' && move.move === 'ring')).toBe(true);
      }
    }),
  );
});

test('an override holds until it is released, and what is probed goes on beneath it', () => {
  fc.assert(
    fc.property(inputs, moves, (input, script) => {
      const probed = new Probed(input);
      const bare = new Probed(input);
      let expected: string | undefined;
      for (const move of script) {
        probed.move(move);
        if (move.move === 'override') expected = move.status;
        else if (move.move === 'release') expected = undefined;
        else bare.move(move);

        expect(probed.context.override?.status).toBe(expected);
        expect({ ...probed.state, control: 0 }).toEqual({ ...bare.state, control: 0 });
      }
    }),
  );
});
