import assert from 'node:assert/strict';
import type { HoldfastErrorCode } from '../../errors/codes.ts';
import { type HoldfastErrorOf, isHoldfastError } from '../../errors/holdfast-error.ts';
import type { EventStoreBackend } from '../../ports/event-store-backend.ts';
import type { AppendRequest, EncodedEvent } from '../../protocol/append.ts';
import { createEventId } from '../../protocol/event-id.ts';
import type { EventStore } from '../../store/event-store.ts';
import type { StoredEvent } from '../../store/stored-event.ts';

/** A backend with nothing in it, and a store over it. */
export interface FreshStore {
  readonly backend: EventStoreBackend;
  readonly store: EventStore;
}

/** Registers one test of the contract. */
export type CheckBackend = (
  name: string,
  run: (fresh: FreshStore & { readonly reopen: () => Promise<FreshStore> }) => Promise<void>,
) => void;

/** The error of the given code that the work ends in; fails when it ends in another or in none. */
export async function failureOf<Code extends HoldfastErrorCode>(
  code: Code,
  work: () => unknown,
  situation = 'the call',
): Promise<HoldfastErrorOf<Code>> {
  let outcome: unknown;
  try {
    outcome = await work();
  } catch (error) {
    if (isHoldfastError(error, code)) return error;
    assert.fail(
      `${situation}: expected ${code}, but it threw ${error instanceof Error ? error.stack : String(error)}`,
    );
  }
  assert.fail(`${situation}: expected ${code}, but it resolved with ${String(outcome)}`);
}

/** More than any test appends, and more pages than any reads: a read without an end fills the memory of who waits for it. */
const [itemsMax, readsMax] = [20_000, 5_000];

/** Everything that an iteration gives; fails once that is more than so many. */
export async function collect<Item>(items: AsyncIterable<Item>, max = itemsMax): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) {
    collected.push(item);
    assert.ok(collected.length <= max, `a read had no end: it gave more than ${max} events`);
  }
  return collected;
}

/** The same backend, whose reads fail if they go on for ever, as those of pages do that lead nowhere. */
export function withBoundedReads(backend: EventStoreBackend): EventStoreBackend {
  let reads = 0;
  return new Proxy(backend, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (name === 'readStream' || name === 'readLog')
          assert.ok(reads++ < readsMax, `a read had no end: ${name} was called ${readsMax} times`);
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });
}

/** The next `count` items; leaves the iteration open. */
export async function take<Item>(items: AsyncIterator<Item>, count: number): Promise<Item[]> {
  const taken: Item[] = [];
  while (taken.length < count) {
    const { value, done } = await items.next();
    assert.ok(!done, `the iteration ended after ${taken.length} of ${count} items`);
    taken.push(value);
  }
  return taken;
}

/** Short events that differ: `noted` with `n` from `from` on. */
export function noted(count: number, from = 1): { type: string; data: { n: number } }[] {
  return Array.from({ length: count }, (_, index) => ({ type: 'noted', data: { n: from + index } }));
}

/** Names of up to so many characters that are easily taken for each other, as by a collation or by a column that is too short. */
export function lookalikes(lengthMax: number): string[] {
  const long = 'x'.repeat(lengthMax - 1);
  const names = ['s', 'S', 's ', ' s', 'é', 'e\u0301', 's%', 's_', '日本', '🦀', "'s'", '--'];
  return [...names, '__proto__', 'constructor', long, `${long}y`, `${long}z`];
}

/** What `noted` put into the events. */
export function numbersOf(events: readonly StoredEvent[]): number[] {
  return events.map(({ data }) => (data as { n: number }).n);
}

/** 1, 2, ... `count`. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** Fails unless positions are 1, 2, 3, ... and so are the versions of each stream. */
export function assertGapless(events: readonly StoredEvent[]): void {
  assert.deepEqual(
    events.map(({ position }) => position),
    upTo(events.length),
  );
  const versions = new Map<string, number>();
  for (const { stream, version } of events) {
    assert.equal(version, (versions.get(stream) ?? 0) + 1, `${stream} has a gap before version ${version}`);
    versions.set(stream, version);
  }
}

/** An event as the runtime hands it to the port. */
export function encodedEvent(content: Partial<EncodedEvent> = {}): EncodedEvent {
  return {
    id: createEventId(),
    type: 'noted',
    schemaVersion: 1,
    data: '{}',
    metadata: null,
    hash: '',
    ...content,
  };
}

/** A request as the runtime hands it to the port. */
export function appendRequest(content: Partial<AppendRequest> = {}): AppendRequest {
  return {
    stream: 's',
    events: [encodedEvent()],
    expectedVersion: 'any',
    expectedHead: null,
    idsAreKeys: false,
    idempotencyKey: null,
    fingerprint: '',
    reply: null,
    snapshot: null,
    consequences: null,
    ...content,
  };
}
