import assert from 'node:assert/strict';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type {
  ClaimedOperation,
  NewOperation,
  OperationLimits,
  OperationMetrics,
  OperationOutcome,
  OperationState,
  StoredOperation,
} from '../../runtime/protocol/operation.ts';
import { inMemorySubject } from '../support/in-memory-operation-subject.ts';
import { newOperation, type OperationSubject, start } from '../support/operation-subject.ts';
import { openTable } from '../support/sqlite-operation-subjects.ts';
import { times } from '../support/thorough.ts';

type Step =
  | {
      readonly step: 'enqueue';
      readonly operations: readonly Partial<NewOperation>[];
      readonly limits: OperationLimits;
    }
  | { readonly step: 'claim'; readonly limit: number; readonly knowsAll: boolean; readonly isPass: boolean }
  | { readonly step: 'settle'; readonly at: number; readonly outcome: AnyOutcome }
  | { readonly step: 'settle again'; readonly at: number }
  | { readonly step: 'cancel' | 'requeue' | 'discard'; readonly at: number }
  | { readonly step: 'network'; readonly spreadMs: number }
  | { readonly step: 'crash' }
  | { readonly step: 'clock'; readonly byMs: number };

type AnyOutcome = {
  readonly kind: OperationOutcome['outcome'];
  readonly inMs: number;
  readonly flag: boolean;
};

const small = fc.nat({ max: 30 });
const often = <T>(arbitrary: fc.Arbitrary<T>, other: T) =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(other) }, { weight: 1, arbitrary });

const anyNew = fc.record({
  name: fc.constantFrom('send', 'send', 'send', 'unknown'),
  payload: fc.constantFrom('p', 'pp', 'é'),
  idempotencyKey: often(fc.constantFrom<string | null>('k1', 'k2'), null),
  orderKey: fc.constantFrom(null, 'x', 'y'),
  coalesceKey: often(fc.constantFrom<string | null>('c'), null),
  priority: fc.integer({ min: -1, max: 1 }),
  dueAt: often(fc.integer({ min: 0, max: 200 }), -1),
  expiresAt: often<number | null>(fc.integer({ min: 0, max: 300 }), null),
});

const anyLimits = fc.record({
  itemsMax: fc.constantFrom(3, 6, 100, 100),
  bytesMax: fc.constantFrom(5, 8, 1_000, 1_000),
  overflow: fc.constantFrom('reject' as const, 'drop-oldest' as const, 'drop-newest' as const),
});

const anyOutcome = fc.record({
  kind: fc.constantFrom(
    'done' as const,
    'done' as const,
    'again' as const,
    'not-begun' as const,
    'dead' as const,
    'cancelled' as const,
  ),
  inMs: fc.integer({ min: 0, max: 150 }),
  flag: fc.boolean(),
});

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      step: fc.constant('enqueue' as const),
      operations: fc.array(anyNew, { minLength: 1, maxLength: 4 }),
      limits: anyLimits,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      step: fc.constant('claim' as const),
      limit: fc.nat({ max: 4 }),
      knowsAll: fc.boolean(),
      isPass: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ step: fc.constant('settle' as const), at: small, outcome: anyOutcome }),
  },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('settle again' as const), at: small }) },
  {
    weight: 2,
    arbitrary: fc.record({
      step: fc.constantFrom('cancel' as const, 'requeue' as const, 'discard' as const),
      at: small,
    }),
  },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('network' as const), spreadMs: small }) },
  { weight: 3, arbitrary: fc.record({ step: fc.constant('crash' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ step: fc.constant('clock' as const), byMs: fc.integer({ min: -100, max: 200 }) }),
  },
);

/** Everything that a caller could know about a queue, kept beside it, and checked with every answer. */
class Witness {
  readonly #subject: OperationSubject;
  now = start;
  run = 'run-0';
  #runs = 0;
  #added = 0;
  #lastSequence = 0;
  /** In the hands of this run, as far as it knows. */
  readonly inHand = new Map<string, ClaimedOperation>();
  readonly #ended = new Map<string, OperationState>();
  readonly #sequences = new Map<string, number>();
  readonly #unsettledStarts = new Map<string, number>();
  readonly #all: string[] = [];

  constructor(subject: OperationSubject) {
    this.#subject = subject;
    subject.begin(this.run);
  }

  async take(step: Step): Promise<unknown> {
    const { store } = this.#subject;
    switch (step.step) {
      case 'enqueue':
        return this.#enqueue(step.operations, step.limits);
      case 'claim':
        return this.#claim(step.limit, step.knowsAll ? ['send', 'unknown'] : ['send'], step.isPass);
      case 'settle':
        return this.#settle(pick([...this.inHand.keys()], step.at), step.outcome);
      case 'settle again': {
        const id = pick(this.#all, step.at);
        if (id === undefined || this.inHand.has(id)) return undefined;
        const settled = await store.settle(this.run, [{ operationId: id, outcome: 'done' }], this.now);
        assert.deepEqual(settled, [false], 'only what is in hand can be settled');
        return settled;
      }
      case 'cancel': {
        const id = pick(this.#all, step.at) ?? '';
        const was = await store.cancel(id, this.now);
        if (was === 'waiting') this.#ended.set(id, 'cancelled');
        return was;
      }
      case 'requeue': {
        const id = pick(this.#all, step.at) ?? '';
        const isBack = await store.requeue(id, this.now);
        if (isBack) this.#ended.delete(id);
        if (isBack) this.#unsettledStarts.delete(id);
        return isBack;
      }
      case 'discard':
        return store.discard(pick(this.#all, step.at) ?? '');
      case 'network':
        return store.networkIsBack('mail', step.spreadMs, this.now);
      case 'crash':
        this.#subject.kill(this.run);
        this.run = `run-${++this.#runs}`;
        this.#subject.begin(this.run);
        this.inHand.clear();
        return undefined;
      case 'clock':
        this.now += step.byMs;
        return undefined;
    }
  }

  /** What must hold after every step. */
  async check(): Promise<unknown> {
    const { store } = this.#subject;
    const metrics = await store.metrics('mail', this.now);
    const all = await store.list({ queue: 'mail', states: null, after: 0, limit: 1_000 });
    const live = all.filter(({ state }) => state === 'waiting' || state === 'running');
    assert.equal(metrics.queued, endedOf(metrics) + metrics.depth, 'every operation is counted once');
    assert.equal(metrics.depth, live.length);
    assert.equal(metrics.running, live.filter(({ state }) => state === 'running').length);
    assert.equal(
      metrics.bytes,
      live.reduce((sum, { payload }) => sum + Buffer.byteLength(payload), 0),
    );
    assert.ok(metrics.oldestAgeMs >= 0);
    for (const id of this.inHand.keys()) {
      assert.equal((await store.get(id))?.state, 'running', 'what is in hand stays there');
    }
    const there = new Set(all.map(({ operationId }) => operationId));
    for (const id of this.#all) assert.ok(there.has(id) || this.#ended.has(id), `${id} is lost`);
    return { metrics, all };
  }

  async #enqueue(operations: readonly Partial<NewOperation>[], limits: OperationLimits): Promise<unknown> {
    const handedIn = operations.map((more) => {
      const id = `o${++this.#added}`;
      const dueAt = this.now + (more.dueAt ?? 0);
      const expiresAt = typeof more.expiresAt === 'number' ? this.now + more.expiresAt : null;
      return newOperation(id, { ...more, dueAt, expiresAt });
    });
    const results = await this.#subject.store.enqueue(handedIn, limits, this.now);
    assert.equal(results.length, operations.length);
    for (const [index, { outcome, operationId, dropped, expired = [] }] of results.entries()) {
      for (const id of expired) {
        assert.ok(!this.inHand.has(id), 'what runs does not expire');
        this.#ended.set(id, 'expired');
      }
      for (const id of dropped) {
        assert.ok(!this.inHand.has(id), 'what runs is never dropped');
        this.#ended.set(id, 'dropped');
      }
      if (outcome !== 'enqueued') continue;
      assert.equal(operationId, handedIn[index]?.operationId);
      this.#all.push(operationId);
    }
    return results;
  }

  async #claim(limit: number, names: readonly string[], isPass: boolean): Promise<unknown> {
    const { store } = this.#subject;
    const all = await store.list({ queue: 'mail', states: ['waiting', 'running'], after: 0, limit: 1_000 });
    // What a dead process had in hand waits again.
    const before = all.filter(({ operationId }) => !this.inHand.has(operationId));
    const sequenceMax = isPass ? this.#lastSequence : null;
    const fixed = { queue: 'mail', isIdle: !isPass, unfinishedStartsMax: 3 };
    const result = await store.claim({ ...fixed, run: this.run, names, limit, sequenceMax }, this.now);
    this.#lastSequence = result.lastSequence;
    for (const { operationId, state } of result.ended) {
      if (state === 'parked') assert.equal(this.#unsettledStarts.get(operationId), 3);
      this.#ended.set(operationId, state);
    }
    assert.ok(result.claimed.length <= limit);
    for (const claimed of result.claimed) {
      const { operationId, sequence, orderKey, name, expiresAt, unfinishedStarts } = claimed;
      const isAlone = !isPass && result.claimed.length === 1;
      assert.ok(unfinishedStarts === 0 || isAlone, 'what a process may have died of comes alone');
      assert.ok(!this.inHand.has(operationId), 'nothing is in hand twice');
      assert.ok(!this.#ended.has(operationId), `${operationId} has ended as ${this.#ended.get(operationId)}`);
      assert.ok(names.includes(name));
      assert.ok(expiresAt === null || expiresAt > this.now);
      if (sequenceMax !== null && sequence > sequenceMax) {
        const own = before.find((each) => each.operationId === operationId)?.priority ?? 0;
        const isLess = (each: StoredOperation) => each.sequence <= sequenceMax && each.priority < own;
        assert.ok(before.some(isLess), 'what was handed in later overtakes what matters less, or waits');
      }
      if (orderKey !== null) this.#checkLine(orderKey, sequence, before, result.ended);
      this.inHand.set(operationId, claimed);
      this.#sequences.set(operationId, sequence);
      const starts = (this.#unsettledStarts.get(operationId) ?? 0) + 1;
      assert.ok(starts <= 3, 'an operation is started three times in vain, not more');
      this.#unsettledStarts.set(operationId, starts);
    }
    return result;
  }

  /** The first of its order key, and the only one in hand. */
  #checkLine(
    orderKey: string,
    sequence: number,
    before: readonly { sequence: number; orderKey: string | null; operationId: string }[],
    ended: readonly { operationId: string }[],
  ): void {
    for (const { orderKey: other } of this.inHand.values()) assert.notEqual(other, orderKey);
    const gone = new Set(ended.map(({ operationId }) => operationId));
    const first = before.find((row) => row.orderKey === orderKey && !gone.has(row.operationId));
    if (first !== undefined) assert.ok(sequence <= first.sequence, 'an earlier one of the order key waits');
  }

  async #settle(id: string | undefined, { kind, inMs, flag }: AnyOutcome): Promise<unknown> {
    if (id === undefined) return undefined;
    const again = { dueAt: this.now + inMs, countsAttempt: flag, forNetwork: !flag };
    const outcome = { operationId: id, error: flag ? 'no' : null, outcome: kind, ...again };
    const settled = await this.#subject.store.settle(this.run, [outcome as OperationOutcome], this.now);
    assert.deepEqual(settled, [true], 'what is in hand can be settled');
    this.inHand.delete(id);
    const starts = this.#unsettledStarts.get(id) ?? 0;
    if (kind === 'not-begun') this.#unsettledStarts.set(id, starts - 1);
    else this.#unsettledStarts.delete(id);
    if (kind !== 'again' && kind !== 'not-begun') this.#ended.set(id, kind);
    return settled;
  }
}

function endedOf(metrics: OperationMetrics): number {
  const { replayed, dead, parked, expired, cancelled, dropped } = metrics;
  return replayed + dead + parked + expired + cancelled + dropped;
}

function pick<T>(from: readonly T[], at: number): T | undefined {
  return from[at % Math.max(1, from.length)];
}

test('whatever happens to a queue, memory and file agree, and nothing is lost, doubled or overtaken', async () => {
  const { database, subject } = openTable();

  await fc.assert(
    fc
      .asyncProperty(fc.array(anyStep, { minLength: 5, maxLength: 60 }), async (steps) => {
        const file = new Witness(subject);
        const memory = new Witness(inMemorySubject());
        for (const step of steps) {
          const [inFile, inMemory] = [await file.take(step), await memory.take(step)];
          assert.deepEqual(inMemory, inFile, JSON.stringify(step));
          assert.deepEqual(await memory.check(), await file.check(), JSON.stringify(step));
        }
      })
      .beforeEach(() => {
        database.exec(
          "delete from operations; delete from operation_counters; delete from sqlite_sequence where name = 'operations'",
        );
      }),
    { numRuns: times(60, 300) },
  );
  expect(database.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
});
