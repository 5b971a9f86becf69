import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Dispatcher, wakesMax } from '../../runtime/delivery/dispatcher.ts';
import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import type { PendingDelivery } from '../../runtime/protocol/delivery.ts';
import { limits } from '../../runtime/protocol/limits.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

const message = (id: number, address: string): PendingDelivery => ({
  from: 'outbox',
  id,
  address,
  actor: '',
  passOnTo: null,
  sender: 's/1',
  type: 'said',
  data: '{}',
});

const hostDied = (): Error =>
  holdfastError('HOLDFAST_ERR_HOST_DIED', 'It died.', { address: 'a/1', reason: 'x' });

const poison = (): Error =>
  holdfastError('HOLDFAST_ERR_POISON_MESSAGE', 'It killed its host.', {
    address: 'a/1',
    deadLetterId: null,
    mayBeDurable: false,
    evidence: { cause: 'exit', message: 'It has ended.', stack: null, figures: {} },
  });

const full = (): Error => holdfastError('HOLDFAST_ERR_STORAGE_FULL', 'The disk is full.');

const early = (): Error =>
  holdfastError('HOLDFAST_ERR_VERSION_CONFLICT', 'Another goes before.', {
    stream: 'a/1',
    expected: 1,
    actual: 1,
  });

/** A store with messages, and a router whose answers are the test's to give. */
function makeWorld(rows: PendingDelivery[]) {
  const underway = new Map<number, { after: number; resolve: () => void; reject: (error: Error) => void }>();
  const given: { readonly id: number; readonly error: unknown }[] = [];
  const woken: string[] = [];
  const released: string[] = [];
  const unwakeable = new Map<string, Error>();
  /** Actors that were asked to wake, and those that take their time. */
  const waking = {
    begun: [] as string[],
    ends: new Map<string, Promise<void>>(),
    holdUp(address: string): () => void {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.ends.set(address, promise);
      return resolve;
    },
  };
  const fetchFailures: Error[] = [];
  const giveUpFailures: Error[] = [];
  const workFailures: Error[] = [];
  /** What the store has found arrives only after these, one for each fetch. */
  const slowFetches: Promise<void>[] = [];
  const remove = (id: number): void => {
    rows.splice(
      rows.findIndex((row) => row.id === id),
      1,
    );
  };
  const dispatcher = new Dispatcher({
    fetch: async (from, without, { after, only }) => {
      if (fetchFailures.length > 0) throw fetchFailures.shift();
      if (only !== null)
        return rows.filter(({ id, address }) => id > after && address === only).slice(0, 256);
      const found = rows
        .filter((row) => row.from === from && row.id > after)
        .filter(({ id }) => !without.ids.includes(id))
        .filter(({ address }) => !without.addresses.includes(address))
        .filter(({ address }) => !without.kinds.includes(address.slice(0, address.indexOf('/'))))
        .slice(0, limits.deliveriesMax);
      await slowFetches.shift();
      return found;
    },
    deliver: ({ id }, after) =>
      new Promise<void>((resolve, reject) => {
        underway.set(id, { after, resolve, reject });
      }),
    giveUp: async ({ id }, error) => {
      if (giveUpFailures.length > 0) throw giveUpFailures.shift();
      given.push({ id, error });
      remove(id);
    },
    wake: async (address) => {
      waking.begun.push(address);
      await waking.ends.get(address);
      const failure = unwakeable.get(address);
      if (failure !== undefined) throw failure;
      woken.push(address);
    },
    ownWork: async () => {
      if (workFailures.length > 0) throw workFailures.shift();
      return ['a/1', 'b/1'];
    },
    releaseWork: async (address) => {
      released.push(address);
    },
  });
  /** Resolves with whether it was delivered: the store takes nothing before what goes before it. */
  const settle = async (id: number, error?: Error): Promise<boolean> => {
    const waiting = underway.get(id);
    underway.delete(id);
    const isEarly = rows.some((row) => row.id === waiting?.after);
    if (error === undefined && !isEarly) {
      remove(id);
      waiting?.resolve();
    } else waiting?.reject(error ?? early());
    await vi.advanceTimersByTimeAsync(0);
    return error === undefined && !isEarly;
  };
  const signal = async (): Promise<void> => {
    dispatcher.onSignal({ kind: 'messages' });
    await vi.advanceTimersByTimeAsync(0);
  };
  return {
    dispatcher,
    underway,
    given,
    woken,
    waking,
    released,
    unwakeable,
    fetchFailures,
    giveUpFailures,
    workFailures,
    slowFetches,
    settle,
    signal,
    ids: () => [...underway.keys()],
    /** Each that is on its way, with the one that goes before it. */
    afters: () => [...underway].map(([id, { after }]) => [id, after]),
  };
}

test('messages to one actor are on their way together, each with the one that goes before it', async () => {
  const rows = [message(1, 'a/1'), message(2, 'a/1'), message(3, 'b/1'), message(4, 'a/1')];
  const { signal, settle, afters } = makeWorld(rows);

  await signal();
  expect(afters()).toEqual([
    [1, 0],
    [2, 1],
    [3, 0],
    [4, 2],
  ]);
  for (const id of [1, 2]) await settle(id);
  rows.push(message(5, 'a/1'), message(6, 'b/1'));
  await signal();

  expect(afters()).toEqual([
    [3, 0],
    [4, 2],
    [5, 4],
    [6, 3],
  ]);
});

test('no more messages to one actor are on their way at once than there is room for', async () => {
  const rows = Array.from({ length: 100 }, (_, index) => message(index + 1, 'a/1'));
  const { signal, settle, ids, afters } = makeWorld(rows);

  await signal();
  expect(ids()).toHaveLength(64);
  await settle(1);

  expect(afters().at(-1)).toEqual([65, 64]);
});

test('one that comes too early though nothing has failed is tried again', async () => {
  const { signal, settle, ids } = makeWorld([message(1, 'a/1'), message(2, 'a/1')]);
  await signal();

  expect(await settle(2)).toBe(false);
  await settle(1);
  await vi.advanceTimersByTimeAsync(100);

  expect(ids()).toEqual([2]);
  expect(await settle(2)).toBe(true);
});

test('what waits for another try with an actor is tried at once when the actor has changed', async () => {
  const { dispatcher, signal, settle, ids } = makeWorld([message(1, 'a/1'), message(2, 'b/1')]);
  await signal();
  const unreadable = new Error('it has no input');
  await settle(1, unreadable);
  await settle(2, unreadable);

  dispatcher.hurry('a/1');
  expect(ids()).toEqual([1]);
  await settle(1);
  await vi.advanceTimersByTimeAsync(2_000);

  expect(ids()).toEqual([2]);
});

test('a message whose host died is tried again before the ones behind it', async () => {
  const { signal, settle, ids } = makeWorld([message(1, 'a/1'), message(2, 'a/1')]);
  await signal();

  await settle(1, hostDied());
  await settle(2);
  expect(ids()).toEqual([]);
  await vi.advanceTimersByTimeAsync(100);

  expect(ids()).toEqual([1]);
  await settle(1);
  expect(ids()).toEqual([2]);
});

test('what waits behind a message that failed keeps its place although others were being fetched when that got through', async () => {
  const rows = [message(1, 'a/1'), message(2, 'a/1')];
  const { signal, settle, afters, slowFetches } = makeWorld(rows);
  await signal();
  await settle(1, hostDied());
  await settle(2);
  rows.push(message(3, 'b/1'));
  const { promise, resolve } = Promise.withResolvers<void>();
  slowFetches.push(promise);
  await signal();
  await vi.advanceTimersByTimeAsync(100);
  await settle(1);
  rows.push(message(4, 'a/1'));

  resolve();
  await signal();

  expect(afters().sort()).toEqual([
    [2, 0],
    [3, 0],
    [4, 2],
  ]);
});

test('a message under which hosts die again and again is given up, and the next one goes on', async () => {
  const { signal, settle, ids, given } = makeWorld([message(1, 'a/1'), message(2, 'a/1')]);
  await signal();

  for (let attempt = 1; attempt <= 3; attempt++) {
    await settle(1, hostDied());
    if (attempt === 1) await settle(2);
    await vi.advanceTimersByTimeAsync(1_000);
  }

  expect(given.map(({ id }) => id)).toEqual([1]);
  expect(ids()).toEqual([2]);
});

test('a poisonous message does no more harm while its dead letter cannot be written', async () => {
  const { signal, settle, ids, given, giveUpFailures } = makeWorld([message(1, 'a/1'), message(2, 'a/1')]);
  giveUpFailures.push(full(), full(), full());
  await signal();
  await settle(2, hostDied());

  await settle(1, poison());
  expect([ids(), given]).toEqual([[], []]);
  await vi.advanceTimersByTimeAsync(10_000);

  expect(given.map(({ id }) => id)).toEqual([1]);
  expect(ids()).toEqual([2]);
});

test('what this version of the application cannot deliver waits for longer and longer, and is never given up', async () => {
  const { signal, settle, ids, given } = makeWorld([message(1, 'a/1')]);
  const unknown = holdfastError('HOLDFAST_ERR_DEFINITION_UNKNOWN', 'Nobody knows it.');
  await signal();

  for (let attempt = 1; attempt <= 8; attempt++) {
    await settle(1, unknown);
    await vi.advanceTimersByTimeAsync(999);
    expect(ids()).toEqual([]);
    await vi.advanceTimersByTimeAsync(80_000);
    expect(ids()).toEqual([1]);
  }

  expect(given).toEqual([]);
});

test('more than fit at once are fetched when half of those are done', async () => {
  const rows = Array.from({ length: limits.deliveriesMax + 10 }, (_, index) =>
    message(index + 1, `a/${index}`),
  );
  const { signal, settle, ids } = makeWorld(rows);

  await signal();
  expect(ids()).toHaveLength(limits.deliveriesMax);
  for (const id of ids().slice(0, limits.deliveriesMax / 2)) await settle(id);

  expect(ids()).toHaveLength(limits.deliveriesMax / 2 + 10);
});

test('what could not be read is read again soon, without another sign', async () => {
  const { signal, ids, fetchFailures } = makeWorld([message(1, 'a/1')]);
  fetchFailures.push(holdfastError('HOLDFAST_ERR_STORAGE_BUSY', 'Another process repairs it.'));

  await signal();
  expect(ids()).toEqual([]);
  await vi.advanceTimersByTimeAsync(100);

  expect(ids()).toEqual([1]);
});

test('nothing is tried after it was closed', async () => {
  const { dispatcher, signal, settle, ids } = makeWorld([message(1, 'a/1'), message(2, 'a/1')]);
  await signal();

  dispatcher.close();
  await settle(1, hostDied());
  await settle(2);
  await vi.advanceTimersByTimeAsync(10_000);
  await signal();

  expect(ids()).toEqual([]);
});

test('after a host has died, its actors with work are woken, and no others', async () => {
  const { dispatcher, woken } = makeWorld([]);

  await dispatcher.resumeWork((address) => address === 'b/1');

  expect(woken).toEqual(['b/1']);
});

test('after a host has died, its actors are woken once the store says again which of them had work', async () => {
  const { dispatcher, woken, workFailures } = makeWorld([]);
  workFailures.push(holdfastError('HOLDFAST_ERR_TIMEOUT', 'The store waits for a lock.'));

  await dispatcher.resumeWork((address) => address === 'b/1');
  expect(woken).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_000);

  expect(woken).toEqual(['b/1']);
});

test('what a closed store has under way is left to the next run', async () => {
  const { dispatcher, woken, workFailures } = makeWorld([]);
  workFailures.push(holdfastError('HOLDFAST_ERR_CLOSED', 'The store is closed.'));

  await dispatcher.resumeWork(() => true);
  await vi.advanceTimersByTimeAsync(60_000);

  expect(woken).toEqual([]);
});

test('more than fit at once that cannot be delivered stand in nobody else’s way', async () => {
  const unknown = holdfastError('HOLDFAST_ERR_DEFINITION_UNKNOWN', 'Nobody knows it.');
  const stuck = Array.from({ length: 3 * limits.deliveriesMax }, (_, index) =>
    message(index + 1, `x/${index}`),
  );
  const toOne = Array.from({ length: 3 * limits.deliveriesMax }, (_, index) =>
    message(10_000 + index, 'a/1'),
  );
  const { dispatcher, signal, settle, ids } = makeWorld([...stuck, ...toOne, message(99_999, 'b/1')]);

  await signal();
  for (const id of ids()) await settle(id, unknown);
  expect(ids()).toEqual([...Array.from({ length: 64 }, (_, index) => 10_000 + index), 99_999]);
  await settle(10_000, hostDied());
  for (const id of ids()) if (id < 99_999) await settle(id);

  expect(ids()).toEqual([99_999]);
  expect(dispatcher.underway).toBeLessThan(2 * limits.deliveriesMax);
});

test('a long line to one actor holds up no other, comes whole and in order, and fills no memory', async () => {
  const toOne = Array.from({ length: 1_000 }, (_, index) => message(index + 1, 'a/1'));
  const rows = [...toOne];
  const { dispatcher, signal, settle, ids } = makeWorld(rows);
  const heard: number[] = [];
  let lastId = rows.length;
  await signal();

  for (let turn = 0; rows.length > 0 && turn < 6_000; turn++) {
    expect(dispatcher.underway).toBeLessThan(200);
    if (turn % 100 === 50 && turn < 900) {
      // Somebody else is spoken to, and so is whoever has the long line.
      rows.push(message(++lastId, `b/${turn}`), message(++lastId, 'a/1'));
      await signal();
      expect(ids()).toContain(lastId - 1);
      await settle(lastId - 1);
    }
    // Some answers overtake others.
    const next = ids()[turn % 170 === 85 ? 1 : 0] ?? 0;
    if (await settle(next, turn % 170 === 169 ? hostDied() : undefined)) heard.push(next);
    if (ids().length === 0) await vi.advanceTimersByTimeAsync(6_000);
  }

  expect(rows).toEqual([]);
  expect(heard).toHaveLength(1_009);
  expect(heard).toEqual([...heard].sort((a, b) => a - b));
});

test('after the retry, messages to one actor come in the order in which they were sent', async () => {
  const { signal, settle, ids, afters } = makeWorld([1, 2, 3].map((id) => message(id, 'a/1')));

  await signal();
  await settle(1, hostDied());
  for (const id of [2, 3]) await settle(id);
  expect(ids()).toEqual([]);
  await vi.advanceTimersByTimeAsync(100);
  expect(ids()).toEqual([1]);
  await settle(1);

  expect(afters()).toEqual([
    [2, 0],
    [3, 2],
  ]);
});

test('work of a kind that this application does not know is left to another one', async () => {
  const { dispatcher, woken, released, unwakeable } = makeWorld([]);
  unwakeable.set('unknown/1', holdfastError('HOLDFAST_ERR_DEFINITION_UNKNOWN', 'Nobody knows it.'));

  dispatcher.onSignal({ kind: 'work', streams: ['unknown/1', 'a/1'] });
  await vi.advanceTimersByTimeAsync(0);

  expect(woken).toEqual(['a/1']);
  expect(released).toEqual(['unknown/1']);
});

test('work whose host cannot start is kept, and its actor is woken when it can', async () => {
  const { dispatcher, woken, released, unwakeable } = makeWorld([]);
  unwakeable.set('a/1', holdfastError('HOLDFAST_ERR_THREAD_START', 'No memory.'));

  dispatcher.onSignal({ kind: 'work', streams: ['a/1'] });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(woken).toEqual([]);
  unwakeable.clear();
  await vi.advanceTimersByTimeAsync(10_000);

  expect(woken).toEqual(['a/1']);
  expect(released).toEqual([]);
});

test.each([
  ['cannot be read', new Error('its events cannot be replayed')],
  ['have no thread', holdfastError('HOLDFAST_ERR_THREAD_START', 'No memory.')],
  ['lose their thread', hostDied()],
])('as many actors as are woken at once that %s keep nobody else asleep', async (_what, failure) => {
  const { dispatcher, woken, unwakeable } = makeWorld([]);
  const stuck = Array.from({ length: wakesMax }, (_, index) => `stuck/${index}`);
  for (const address of stuck) unwakeable.set(address, failure);

  dispatcher.onSignal({ kind: 'work', streams: [...stuck, 'a/1'] });
  await vi.advanceTimersByTimeAsync(0);
  expect(woken).toEqual(['a/1']);
  unwakeable.clear();
  await vi.advanceTimersByTimeAsync(2_000);

  expect(woken.toSorted()).toEqual(['a/1', ...stuck].toSorted());
});

test('an actor that could not be read is woken at once when it has changed', async () => {
  const { dispatcher, woken, unwakeable } = makeWorld([]);
  for (const address of ['a/1', 'b/1']) unwakeable.set(address, new Error('it cannot be replayed'));
  dispatcher.onSignal({ kind: 'work', streams: ['a/1', 'b/1'] });
  await vi.advanceTimersByTimeAsync(0);
  unwakeable.clear();

  dispatcher.hurry('a/1');
  await vi.advanceTimersByTimeAsync(0);

  expect(woken).toEqual(['a/1']);
});

test('no more actors are woken at once than there is room for', async () => {
  const { dispatcher, waking } = makeWorld([]);
  const slow = Array.from({ length: wakesMax + 1 }, (_, index) => `slow/${index}`);
  const ends = slow.map((address) => waking.holdUp(address));

  dispatcher.onSignal({ kind: 'work', streams: slow });
  await vi.advanceTimersByTimeAsync(0);
  expect(waking.begun).toEqual(slow.slice(0, wakesMax));
  ends[0]?.();
  await vi.advanceTimersByTimeAsync(0);

  expect(waking.begun).toEqual(slow);
});

test('while the host of one actor cannot start, another actor of the kind is served', async () => {
  const rows = [message(1, 'a/1'), message(2, 'a/1')];
  const { signal, settle, ids } = makeWorld(rows);
  await signal();
  await settle(1, holdfastError('HOLDFAST_ERR_THREAD_START', 'No memory.'));
  await settle(2);
  rows.push(message(3, 'a/2'));

  await signal();

  expect(ids()).toEqual([3]);
});

test('one that failed before those that go before it did waits until they are delivered', async () => {
  const { dispatcher, signal, settle, afters } = makeWorld([1, 2, 3].map((id) => message(id, 'a/1')));
  await signal();
  await settle(3, hostDied());
  for (const id of [1, 2]) await settle(id, hostDied());

  dispatcher.hurry('a/1');
  await signal();

  expect(afters()).toEqual([
    [1, 0],
    [2, 1],
    [3, 2],
  ]);
});

test('one that fails while what went before it is fetched again does not overtake that', async () => {
  const rows = [1, 2, 3].map((id) => message(id, 'a/1'));
  const { dispatcher, signal, settle, afters, slowFetches } = makeWorld(rows);
  await signal();
  await settle(1, hostDied());
  await settle(2);
  dispatcher.hurry('a/1');
  const { promise, resolve } = Promise.withResolvers<void>();
  slowFetches.push(promise);
  await settle(1);
  await settle(3);
  resolve();

  await vi.advanceTimersByTimeAsync(100);

  expect(afters()).toEqual([
    [2, 0],
    [3, 2],
  ]);
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'whatever fails in whatever order, messages to one actor come in order (%i)',
  async (seed) => {
    let state = seed;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % below;
    };
    const rows = Array.from({ length: 300 }, (_, index) => message(index + 1, `a/${index % 3}`));
    const { dispatcher, signal, settle, ids, giveUpFailures } = makeWorld(rows);
    const failures = [new Error('it fails'), new Error('it fails'), hostDied(), poison()];
    const heard: Record<string, number[]> = { 'a/0': [], 'a/1': [], 'a/2': [] };
    await signal();

    for (let turn = 0; rows.length > 0 && turn < 20_000; turn++) {
      const underway = ids();
      const id = underway[random(underway.length)];
      if (random(20) === 0) dispatcher.hurry(`a/${random(3)}`);
      if (random(20) === 0) giveUpFailures[0] = full();
      if (id === undefined || random(50) === 0) await vi.advanceTimersByTimeAsync(random(100));
      else if (await settle(id, failures[random(16)])) heard[`a/${(id - 1) % 3}`]?.push(id);
    }

    expect(rows).toEqual([]);
    for (const each of Object.values(heard)) expect(each).toEqual([...each].sort((a, b) => a - b));
  },
);
