import fc from 'fast-check';
import { expect, test } from 'vitest';
import { initialSnapshot, step } from '../../actors/steps/bare-machine.ts';
import {
  type QueueContext,
  type QueueEvent,
  type QueueStateValue,
  storeAndForwardMachine,
} from '../../machines/store-and-forward.machine.ts';

type Step = { readonly ring: true } | { readonly event: QueueEvent };

const events: fc.Arbitrary<QueueEvent> = fc.oneof(
  fc.constant({ type: 'drain' as const }),
  fc.record({
    type: fc.constant('passEnded' as const),
    pass: fc.integer({ min: 1, max: 6 }),
    waitMs: fc.integer({ min: 0, max: 30_000 }),
  }),
  fc.record({
    type: fc.constant('networkChanged' as const),
    status: fc.constantFrom('online' as const, 'degraded' as const, 'offline' as const),
  }),
  fc.constantFrom<QueueEvent>({ type: 'pause' }, { type: 'resume' }),
);
const scripts: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(fc.constant({ ring: true as const }), fc.record({ event: events })),
  { maxLength: 60 },
);
const inputs = fc.record({ onDegraded: fc.constantFrom('execute' as const, 'queue' as const) });

/** The queue with its timers, of which the test says when one rings. */
class Queue {
  snapshot;
  readonly timers = new Map<string, QueueEvent>();

  constructor(input: { readonly onDegraded: 'execute' | 'queue' }) {
    this.snapshot = initialSnapshot(storeAndForwardMachine, input);
  }

  get state(): QueueStateValue {
    return this.snapshot.value as unknown as QueueStateValue;
  }

  get context(): QueueContext {
    return this.snapshot.context as QueueContext;
  }

  send(event: QueueEvent): void {
    const next = step(storeAndForwardMachine, this.snapshot, event as never);
    if (!next.accepted) return;
    this.snapshot = next.snapshot;
    for (const timer of next.asked.timers) {
      if (timer.change === 'set') this.timers.set(timer.name, timer.event as never);
      else if (timer.change === 'cancel') this.timers.delete(timer.name);
    }
  }

  take(each: Step): void {
    if ('event' in each) return this.send(each.event);
    const [name, event] = [...this.timers][0] ?? [];
    if (name === undefined || event === undefined) return;
    this.timers.delete(name);
    this.send(event);
  }
}

const mayRun = ({ network }: QueueStateValue, { onDegraded }: QueueContext): boolean =>
  network === 'online' || (network === 'degraded' && onDegraded === 'execute');

test('no pass begins while the network is away or the queue is paused, and there is one at a time', () => {
  fc.assert(
    fc.property(inputs, scripts, (input, script) => {
      const queue = new Queue(input);
      for (const each of script) {
        const before = queue.context.pass;
        const { drain } = queue.state;

        queue.take(each);

        const { pass } = queue.context;
        expect(pass - before === 0 || pass - before === 1).toBe(true);
        if (pass === before) continue;
        expect(queue.state.drain).toBe('draining');
        expect(mayRun(queue.state, queue.context)).toBe(true);
        const isNext = 'event' in each && each.event.type === 'passEnded' && each.event.pass === before;
        if (drain === 'draining') expect(isNext).toBe(true);
      }
    }),
  );
});

test('whatever was asked for during a pass, without a network or while paused, is done as soon as it may be', () => {
  fc.assert(
    fc.property(inputs, scripts, (input, script) => {
      const queue = new Queue(input);
      for (const each of script) queue.take(each);
      const { pass } = queue.context;

      queue.send({ type: 'drain' });
      const isUnderWay = queue.state.drain === 'draining';
      queue.send({ type: 'networkChanged', status: 'online' });
      queue.send({ type: 'resume' });
      if (isUnderWay && queue.context.pass === pass) queue.send({ type: 'passEnded', pass, waitMs: 30_000 });

      expect(queue.state.drain).toBe('draining');
      expect(queue.context.pass).toBeGreaterThan(pass - (isUnderWay ? 1 : 0));
    }),
  );
});

test('a queue that rests while the network is there looks again by itself', () => {
  fc.assert(
    fc.property(inputs, scripts, (input, script) => {
      const queue = new Queue(input);
      queue.send({ type: 'drain' });
      for (const each of script) queue.take(each);
      if (queue.state.drain !== 'resting' || !mayRun(queue.state, queue.context)) return;
      const { pass } = queue.context;
      expect(queue.timers.size).toBe(1);

      queue.take({ ring: true });

      expect(queue.context.pass).toBe(pass + 1);
    }),
  );
});
