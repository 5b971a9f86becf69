import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import { Projections } from '../../runtime/projections/projections.ts';
import { EventStore } from '../../runtime/store/event-store.ts';
import { SqliteEventStoreBackend } from '../../runtime/store/sqlite-backend.ts';
import type { ReaderClient } from '../../runtime/threads/reader-client.ts';
import { errorOf } from '../support/error-of.ts';
import { balances, ledger } from '../support/fixtures/ledger.ts';
import { fixture } from '../support/open-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Projections over a store whose reader is yet to come, or never does. */
function projectionsWith(reader: Promise<ReaderClient>): Projections {
  const store = {
    watch: async () => ({ position: 0, stop: () => undefined }),
    thread: { hold: () => undefined, release: () => undefined },
  };
  const backend = { reader: () => reader, store: () => store };
  return new Projections({ backend: backend as never, modules: [], memoryMb: 64, timeoutMs: 1_000 });
}

const totals = { name: 'totals' } as never;

test('a query whose thread cannot be started says why, and that it may be repeated', async () => {
  const cause = holdfastError('HOLDFAST_ERR_THREAD_START', 'The reader thread could not be started.');
  const projections = projectionsWith(Promise.reject(cause));

  const error = await errorOf(projections.query(totals, 'select 1', [], {}));

  expect(error).toMatchObject({ code: 'HOLDFAST_ERR_THREAD_START', retryable: true, cause });
  expect((error as Error).message).toContain('The reader thread could not be started.');
});

test('a query that waits for the thread of projections as the runtime closes is told so', async () => {
  const reader = Promise.withResolvers<ReaderClient>();
  const projections = projectionsWith(reader.promise);
  const query = errorOf(projections.query(totals, 'select 1', [], {}));
  await new Promise(setImmediate);

  const closed = projections.close();
  reader.reject(new Error('closed'));
  await closed;

  expect(await query).toMatchObject({ code: 'HOLDFAST_ERR_CLOSED' });
});

test('projections go on when the thread that their events are read by has ended', async () => {
  const workerUrl = new URL('../../dist/runtime/threads/worker.js', import.meta.url);
  const backend = await SqliteEventStoreBackend.open(join(temporaryFolder(), 'app.db'), { workerUrl });
  onTestFinished(() => backend.close());
  const modules = [fixture('ledger').href];
  const projections = new Projections({ backend, modules, memoryMb: 512, timeoutMs: 60_000 });
  onTestFinished(() => projections.close());
  const store = EventStore.withBackend(backend);
  const move = () => store.append('account/a', [{ type: 'moved', data: { amount: 2 } }]);
  const balanceAfter = (after: number) =>
    projections.query(ledger, 'select balance from accounts', [], { after });
  expect(await balanceAfter((await move()).position)).toEqual([{ balance: 2 }]);
  const { thread } = await backend.reader();
  const { followers } = thread;

  await (await backend.reader()).close();

  const { position } = await move();
  expect(await balanceAfter(position)).toEqual([{ balance: 4 }]);
  expect(await projections.state(balances, 'a', { after: position })).toMatchObject({ balance: 4 });
  for await (const _ of projections.rebuild(ledger, undefined));
  expect((await backend.reader()).thread.followers).toBe(followers);
});
