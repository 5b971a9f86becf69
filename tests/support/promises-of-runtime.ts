import { join } from 'node:path';
import { alwaysOnline, createRuntime, type Runtime } from 'holdfast';
import { expect } from 'vitest';
import { ledger } from './fixtures/ledger.ts';
import { notebook } from './fixtures/notebook.ts';
import { customer, expectedPieces, maker } from './fixtures/workshop.ts';
import { callers, idsOf, streamOf } from './note-texts.ts';
import { fixture } from './open-runtime.ts';
import { expectKept, notesIn, saidWith } from './promised-notes.ts';

/** The next start of the application that `children/run-promises.ts` is: all goes on, and ends as without a power cut. */
export async function expectPromisesOfRuntime(folder: string, said: readonly string[]): Promise<void> {
  await using runtime = await createRuntime({
    database: join(folder, 'app.db'),
    modules: ['workshop', 'notebook', 'ledger'].map(fixture),
    hosts: 1,
    connectivity: { probe: alwaysOnline },
  });

  await expectCommands(runtime, said);
  await Promise.all(saidWith('started', said).map(([id = '']) => expectDone(runtime, id)));
  await expectDelivered(runtime, said);
  await expectProjected(runtime, said);

  expect(await runtime.store.verify()).toMatchObject({ problems: [] });
  expect(await runtime.deadLetters()).toEqual([]);
}

/** All are repeated, whether they were promised or not, and then each is there once. */
async function expectCommands(runtime: Runtime, said: readonly string[]): Promise<void> {
  const found = await notesIn(runtime.store);
  expectKept(found, said);
  const sent = Array.from({ length: callers }, async (_, caller) => {
    const sender = runtime.actor(notebook, streamOf(caller).slice('notebook/'.length));
    const receipts: [string, string][] = [];
    for (const id of [0, 1].flatMap((round) => idsOf(caller, round))) {
      const { version, position } = await sender.send({ type: 'noted', id }, { idempotencyKey: id });
      receipts.push([id, `${version} ${position}`]);
    }
    return receipts;
  });
  const receipts = (await Promise.all(sent)).flat();
  const notes = await notesIn(runtime.store);
  expect(new Map(receipts)).toEqual(notes);
  for (const [id, place] of found) expect(notes.get(id), id).toBe(place);
}

/** By itself, with timers, work and messages. */
async function expectDone(runtime: Runtime, id: string): Promise<void> {
  const made = await runtime.actor(maker, id).waitFor(({ status }) => status !== 'active');
  expect(made).toMatchObject({ status: 'done', output: expectedPieces });
  const isServed = (context: { pieces: number[] }) => context.pieces.length >= expectedPieces.length;
  const { context } = await runtime.actor(customer, id).waitFor((found) => isServed(found.context));
  expect(context.pieces).toEqual(expectedPieces);
}

/** What was handed in is delivered before the cut or after it, and not twice after it; what was cancelled is not. */
async function expectDelivered(runtime: Runtime, said: readonly string[]): Promise<void> {
  const delivered: string[] = [];
  const outbox = runtime.storeAndForward('outbox', {
    deliver: async (_: string, { idempotencyKey }) => void delivered.push(idempotencyKey),
  });
  await outbox.drain();

  const keysOf = (word: string) => saidWith(word, said).flat();
  // A cancel that was not promised may be durable.
  const ended = new Set([...keysOf('delivers'), ...keysOf('cancels'), ...delivered]);
  expect(
    keysOf('queued').filter((key) => !ended.has(key)),
    'handed in and lost',
  ).toEqual([]);
  expect(keysOf('cancelled').filter((key) => delivered.includes(key))).toEqual([]);
  expect(delivered).toEqual([...new Set(delivered)]);
}

/** Tables are what the log makes of them. */
async function expectProjected(runtime: Runtime, said: readonly string[]): Promise<void> {
  const balances = new Map<string, number>();
  const moves: string[] = [];
  let after = 0;
  for await (const { stream, position, data } of runtime.store.readAll()) {
    after = position;
    if (!stream.startsWith('account/')) continue;
    const account = stream.slice('account/'.length);
    const { amount } = data as { amount: number };
    balances.set(account, (balances.get(account) ?? 0) + amount);
    moves.push(`${account} ${amount} ${position}`);
  }
  expect(moves).toEqual(expect.arrayContaining(saidWith('moved', said).map((move) => move.join(' '))));
  const rows = await runtime.query<{ id: string; balance: number }>(
    ledger,
    'select id, balance from accounts',
    [],
    {
      after,
    },
  );
  expect(new Map(rows.map(({ id, balance }) => [id, balance]))).toEqual(balances);
}
