import { join } from 'node:path';
import { expect, test } from 'vitest';
import { codedError } from '../support/coded-error.ts';
import { dropTables } from '../support/drop-tables.ts';
import { openResilient } from '../support/resilient-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const damaged = codedError('HOLDFAST_ERR_STORAGE_CORRUPT');
const tables = ['operations', 'operation_counters'];

/** The store answers in order: what a drain asks it for at its beginning is done. */
async function outboxHasLooked(outbox: { metrics(): Promise<unknown> }): Promise<void> {
  await outbox.metrics();
}

test('a drain whose outcomes a damaged file does not take ends with the damage', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const { runtime } = await openResilient('online', [], { database, closeTimeoutMs: 100 });
  const isDamaged = Promise.withResolvers<void>();
  const outbox = runtime.storeAndForward('outbox', { deliver: () => isDamaged.promise });
  await outbox.enqueue('letter');
  const drained = outbox.drain();
  drained.catch(() => undefined);
  await outboxHasLooked(outbox);

  dropTables(database, tables);
  isDamaged.resolve();

  await expect(drained).rejects.toThrow(damaged);
});

test('a drain that waits for the network ends with the damage that the file has come to meanwhile', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const { runtime, become } = await openResilient('offline', [], { database, closeTimeoutMs: 100 });
  const outbox = runtime.storeAndForward('outbox', { deliver: async () => undefined });
  await outbox.enqueue('letter');
  const drained = outbox.drain();
  drained.catch(() => undefined);
  await outboxHasLooked(outbox);

  dropTables(database, tables);
  await become('online');

  await expect(drained).rejects.toThrow(damaged);
});
