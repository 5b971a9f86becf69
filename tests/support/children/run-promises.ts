// Usage: run-promises.ts FOLDER. Makers work, notes are taken under keys, operations are handed in and delivered, and accounts
// are projected, all at once on `app.db`. Prints what was promised once it is: `started MAKER`, `kept ID VERSION POSITION`,
// `queued KEY`, `cancelled KEY`, `moved ACCOUNT AMOUNT POSITION`; and before that `cancels KEY` and `delivers KEY`.
import { join } from 'node:path';
import { alwaysOnline, createRuntime } from 'holdfast';
import { notebook } from '../fixtures/notebook.ts';
import { customer, expectedPieces, maker } from '../fixtures/workshop.ts';
import { callers, idsOf, streamOf } from '../note-texts.ts';
import { say } from './say.ts';

const [folder = ''] = process.argv.slice(2);
const makers = ['0', '1', '2'];
const modules = ['workshop', 'notebook', 'ledger'].map(
  (name) => new URL(`../fixtures/${name}.ts`, import.meta.url),
);

const runtime = await createRuntime({
  database: join(folder, 'app.db'),
  modules,
  connectivity: { probe: alwaysOnline },
});
const outbox = runtime.storeAndForward('outbox', {
  deliver: async (_: string, { idempotencyKey }) => say(`delivers ${idempotencyKey}`),
});

async function keepNotes(caller: number): Promise<void> {
  const actor = runtime.actor(notebook, streamOf(caller).slice('notebook/'.length));
  for (const round of [0, 1])
    for (const id of idsOf(caller, round)) {
      const { version, position } = await actor.send({ type: 'noted', id }, { idempotencyKey: id });
      say(`kept ${id} ${version} ${position}`);
    }
}

async function handIn(number: number): Promise<void> {
  const key = `operation-${number}`;
  const { operationId } = await outbox.enqueue(key, { idempotencyKey: key, orderKey: `${number % 3}` });
  say(`queued ${key}`);
  if (number % 4 !== 3) return;
  say(`cancels ${key}`);
  if (await outbox.cancel(operationId)) say(`cancelled ${key}`);
}

async function move(account: number): Promise<void> {
  for (let amount = 1; amount <= 8; amount++) {
    const { position } = await runtime.store.append(`account/${account}`, [
      { type: 'moved', data: { amount } },
    ]);
    say(`moved ${account} ${amount} ${position}`);
  }
}

await Promise.all([
  ...makers.map(async (id) => {
    await runtime.actor(maker, id).start();
    say(`started ${id}`);
    await runtime
      .actor(customer, id)
      .waitFor(({ context }) => context.pieces.length >= expectedPieces.length);
  }),
  ...Array.from({ length: callers }, (_, caller) => keepNotes(caller)),
  ...Array.from({ length: 16 }, (_, number) => handIn(number)),
  ...[1, 2, 3].map(move),
]);
await runtime.close();
process.exit();
