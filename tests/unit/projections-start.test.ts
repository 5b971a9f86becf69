import { expect, test } from 'vitest';
import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import { Projections } from '../../runtime/projections/projections.ts';
import type { ReaderClient } from '../../runtime/threads/reader-client.ts';
import { errorOf } from '../support/error-of.ts';

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
