import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bulkhead } from '../../runtime/resilience/policies/bulkhead.ts';
import { cached } from '../../runtime/resilience/policies/cached.ts';
import { attemptsOf, retry } from '../../runtime/resilience/policies/retry.ts';
import { createRetryBudget } from '../../runtime/resilience/policies/retry-budget.ts';
import { timeout } from '../../runtime/resilience/policies/timeout.ts';
import { wrap } from '../../runtime/resilience/policies/wrap.ts';
import { settled, VirtualTime } from '../support/virtual-time.ts';

const dice = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));
const from = (stream: Iterator<number>) => () => stream.next().value as number;

test('the waits of a retry are within their bounds, and there are never more attempts than allowed', async () => {
  const bounds = fc
    .tuple(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 0, max: 20_000 }))
    .map(([delayMinMs, more]) => ({ delayMinMs, delayMaxMs: delayMinMs + more }));
  const outcomes = fc.array(fc.constantFrom('fails', 'fails', 'fails', 'is gone', 'succeeds'), {
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(
      bounds,
      fc.integer({ min: 1, max: 10 }),
      outcomes,
      dice,
      async (range, attemptsMax, plan, draws) => {
        const clock = new VirtualTime();
        const begunAt: number[] = [];
        const seen: number[] = [];
        const call = retry({ ...range, attemptsMax, clock, random: from(draws) }).execute(({ attempt }) => {
          begunAt.push(clock.now());
          seen.push(attempt);
          const outcome = plan[attempt - 1] ?? 'succeeds';
          if (outcome === 'is gone') throw Object.assign(new Error(outcome), { status: 410 });
          if (outcome === 'fails') throw new Error(outcome);
          return attempt;
        });
        const ended = call.catch(attemptsOf);
        await clock.pass(10 * 30_000);

        const firstEnd = plan.findIndex((outcome) => outcome !== 'fails');
        expect(begunAt).toHaveLength(Math.min(attemptsMax, firstEnd === -1 ? plan.length + 1 : firstEnd + 1));
        expect(await ended).toBe(begunAt.length);
        expect(seen).toEqual(begunAt.map((_, index) => index + 1));
        for (const [index, at] of begunAt.slice(1).entries()) {
          const waitedMs = at - (begunAt[index] as number);
          expect(waitedMs).toBeGreaterThanOrEqual(range.delayMinMs);
          expect(waitedMs).toBeLessThanOrEqual(
            Math.min(range.delayMaxMs, range.delayMinMs * 3 ** (index + 1) + 1),
          );
        }
        expect(clock.pending).toBe(0);
      },
    ),
    { numRuns: 200 },
  );
});

test('no retry begins before Retry-After, or so late that a time-out would end it', async () => {
  const asked = fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(asked, fc.integer({ min: 1, max: 60_000 }), dice, async (waits, timeoutMs, draws) => {
      const clock = new VirtualTime();
      const startedAt = clock.now();
      const failedAt: number[] = [];
      const tooEarly: number[] = [];
      const tooLate: number[] = [];
      const policy = retry({
        attemptsMax: 20,
        delayMinMs: 10,
        retryAfterMaxMs: 15_000,
        clock,
        random: from(draws),
      });
      const call = wrap(timeout(timeoutMs, { clock }), policy).execute(({ attempt }) => {
        const askedMs = waits[attempt - 2] ?? 0;
        if (attempt > 1 && clock.now() < (failedAt.at(-1) as number) + askedMs) tooEarly.push(attempt);
        if (clock.now() >= startedAt + timeoutMs) tooLate.push(attempt);
        if (attempt > waits.length) return 'done';
        failedAt.push(clock.now());
        throw { retryAfterMs: waits[attempt - 1] };
      });
      const ended = call.catch((error: unknown) => error);
      await clock.pass(200_000);

      const last = await ended;
      expect({ tooEarly, tooLate }).toEqual({ tooEarly: [], tooLate: [] });
      // Nobody waits for a time-out that would come before the next attempt.
      if (last !== 'done') expect(last).toHaveProperty('retryAfterMs');
      expect(clock.pending).toBe(0);
    }),
    { numRuns: 200 },
  );
});

test('a budget never grants more than it began with, its share of the calls and its rate', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ do: fc.constant('call' as const) }),
      fc.record({ do: fc.constant('retry' as const) }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 100_000 }) }),
    ),
    { maxLength: 200 },
  );
  const ratios = fc.double({ min: 0, max: 1, noNaN: true });
  const rates = fc.double({ min: 0, max: 5, noNaN: true });
  fc.assert(
    fc.property(
      steps,
      ratios,
      rates,
      fc.integer({ min: 1, max: 20 }),
      (walked, ratio, perSecondMin, burstMax) => {
        const clock = new VirtualTime();
        const budget = createRetryBudget({ ratio, perSecondMin, burstMax, clock });
        const startedAt = clock.now();
        let [calls, granted, inARow] = [0, 0, 0];
        for (const step of walked) {
          if (step.do === 'call') {
            budget.deposit();
            calls++;
            inARow = 0;
          } else if (step.do === 'wait') {
            void clock.sleep(step.ms);
            inARow = 0;
          } else {
            const before = budget.balance;
            const isGranted = budget.withdraw();
            expect(isGranted).toBe(before >= 1);
            if (isGranted) {
              granted++;
              inARow++;
            }
          }
          const seconds = (clock.now() - startedAt) / 1_000;
          expect(granted).toBeLessThanOrEqual(burstMax + calls * ratio + seconds * perSecondMin + 1e-6);
          expect(inARow).toBeLessThanOrEqual(burstMax);
        }
      },
    ),
  );
});

test('a bulkhead never runs more than it may, keeps the order, and loses no place', async () => {
  const steps = fc.array(
    fc.record({
      do: fc.constantFrom('call', 'call', 'call', 'resolve', 'reject', 'abort', 'turn'),
      at: fc.nat({ max: 30 }),
    }),
    { maxLength: 120 },
  );
  const limits = fc.record({
    concurrency: fc.integer({ min: 1, max: 4 }),
    queueMax: fc.integer({ min: 0, max: 6 }),
  });
  await fc.assert(
    fc.asyncProperty(steps, limits, async (walked, { concurrency, queueMax }) => {
      const policy = bulkhead({ concurrency, queueMax });
      const running = new Map<number, PromiseWithResolvers<void>>();
      const waiting: number[] = [];
      const controllers: AbortController[] = [];
      const outcomes: Promise<unknown>[] = [];
      let begun = -1;
      for (const step of walked) {
        const target = [...running.keys()][step.at % Math.max(1, running.size)];
        if (step.do === 'call') {
          const n = controllers.push(new AbortController()) - 1;
          const isRefused = running.size === concurrency && waiting.length === queueMax;
          if (!isRefused) waiting.push(n);
          const call = policy.execute(
            () => {
              expect(n).toBeGreaterThan(begun);
              begun = n;
              expect(waiting.shift()).toBe(n);
              const end = Promise.withResolvers<void>();
              running.set(n, end);
              return end.promise;
            },
            { signal: (controllers[n] as AbortController).signal },
          );
          outcomes.push(
            call.then(
              () => 'resolved',
              (error: { code?: string } | string) =>
                typeof error === 'string' ? error : (error.code ?? 'rejected'),
            ),
          );
          if (isRefused) expect(await outcomes.at(-1)).toBe('HOLDFAST_ERR_BULKHEAD_FULL');
        } else if (step.do === 'abort') {
          const n = step.at % Math.max(1, controllers.length);
          if (waiting.includes(n)) waiting.splice(waiting.indexOf(n), 1);
          controllers[n]?.abort('aborted');
        } else if (step.do === 'turn' || target === undefined) {
          await settled();
        } else {
          const end = running.get(target);
          running.delete(target);
          if (step.do === 'resolve') end?.resolve();
          else end?.reject(new Error('no'));
          await settled();
        }
        expect(running.size).toBeLessThanOrEqual(concurrency);
        expect(policy).toMatchObject({ running: running.size, queued: waiting.length });
        if (waiting.length > 0) expect(running.size).toBe(concurrency);
      }
      while (running.size > 0) {
        for (const [n, end] of running) {
          running.delete(n);
          end.resolve();
        }
        await settled();
      }
      expect(policy).toMatchObject({ running: 0, queued: 0 });
      expect(waiting).toEqual([]);
      await Promise.all(outcomes);
      await policy.close();
    }),
    { numRuns: 200 },
  );
});

test('a cache never serves what is older than it may be, and has one call under way for a key', async () => {
  const keys = ['a', 'b'] as const;
  const steps = fc.array(
    fc.record({
      do: fc.constantFrom(
        'ask',
        'ask',
        'ask',
        'ask',
        'answer',
        'fail',
        'pass',
        'set wall',
        'offline',
        'online',
        'abort',
      ),
      key: fc.constantFrom(...keys),
      ms: fc.integer({ min: 0, max: 300 }),
    }),
    { maxLength: 100 },
  );
  const times = fc.record({
    ttlMs: fc.integer({ min: 0, max: 200 }),
    staleMs: fc.integer({ min: 0, max: 300 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  await fc.assert(
    fc.asyncProperty(steps, times, async (walked, { ttlMs, staleMs, share }) => {
      const clock = new VirtualTime();
      const connectivity = { status: 'online' as 'online' | 'offline' };
      const policy = cached({
        ttlMs,
        staleMs,
        staleWhileRevalidateMs: Math.floor(staleMs * share),
        clock,
        wallClock: clock.wall,
        connectivity,
      });
      const underWay = new Map<string, { end: PromiseWithResolvers<{ at: number }>; signal: AbortSignal }>();
      const controllers = new Set<AbortController>();
      const asked: Promise<unknown>[] = [];
      for (const { do: step, key, ms } of walked) {
        if (step === 'ask') {
          const controller = new AbortController();
          controllers.add(controller);
          const call = policy.execute(
            ({ signal }) => {
              const before = underWay.get(key);
              expect(before === undefined || before.signal.aborted).toBe(true);
              const end = Promise.withResolvers<{ at: number }>();
              underWay.set(key, { end, signal });
              return end.promise;
            },
            { key, signal: controller.signal },
          );
          const served = call.then(
            ({ at }) => expect(clock.now() - at).toBeLessThanOrEqual(ttlMs + staleMs),
            (error: unknown) => expect(['no', 'aborted']).toContain(error),
          );
          // An assertion that fails must not be lost before it is awaited.
          served.catch(() => undefined);
          asked.push(served);
        } else if (step === 'answer' || step === 'fail') {
          const call = underWay.get(key);
          underWay.delete(key);
          if (step === 'answer') call?.end.resolve({ at: clock.now() });
          else call?.end.reject('no');
        } else if (step === 'abort') {
          for (const controller of controllers) controller.abort('aborted');
          controllers.clear();
        } else if (step === 'pass') await clock.pass(ms);
        else if (step === 'set wall') clock.setWall(ms % 2 === 0 ? -ms * 100 : ms);
        else connectivity.status = step;
        await settled();
      }
      for (const controller of controllers) controller.abort('aborted');
      await Promise.all(asked);
      await policy.close();
    }),
    { numRuns: 300 },
  );
});
