import { join } from 'node:path';
import { createRuntime } from 'holdfast';
import { expect, onTestFinished, test } from 'vitest';
import { codedError } from '../support/coded-error.ts';
import { dropTables } from '../support/drop-tables.ts';
import { openStoreThread } from '../support/open-store-thread.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

type StoreThread = Awaited<ReturnType<typeof openStoreThread>>['thread'];
type Method = Parameters<StoreThread['control']['call']>[0];

const nothingHeld = { ids: [], addresses: [], kinds: [] };

/** Calls that look at the file, and would tell the error of the driver as it is. */
const looks: [Method, ...unknown[]][] = [
  ['standing'],
  ['dueTimers', nothingHeld],
  ['messages', nothingHeld, { after: 0, only: null }],
  ['ownWork'],
  ['operations', { queue: 'q', states: null, after: 0, limit: 10 }],
  ['operation', 'none'],
  ['operationMetrics', 'q', 0],
  ['readLog', { after: 0, limit: 10, direction: 'forward' }],
];

const tables = ['dead_letters', 'timers', 'outbox', 'work', 'operations', 'operation_counters', 'events'];

test('every call of the store thread that meets damage says so with a code', async () => {
  const path = join(temporaryFolder(), 'app.db');
  const store = await openStoreThread(path);
  onTestFinished(() => store.close());
  dropTables(path, tables);

  const errors: unknown[] = [];
  for (const [method, ...args] of looks) {
    const call = store.thread.control.call(method, args as never);
    errors.push(
      await call.then(
        () => method,
        (error: unknown) => error,
      ),
    );
  }

  expect(errors).toEqual(looks.map(() => codedError('HOLDFAST_ERR_STORAGE_CORRUPT')));
});

test('a runtime on a damaged file rejects with a code, whatever it is asked', async () => {
  const path = join(temporaryFolder(), 'app.db');
  const runtime = await createRuntime({ database: path, modules: [] });
  onTestFinished(() => runtime.close());
  dropTables(path, tables);

  const asked = await Promise.allSettled([runtime.store.stats(), runtime.deadLetters()]);

  const reason = codedError('HOLDFAST_ERR_STORAGE_CORRUPT');
  expect(asked).toEqual(asked.map(() => ({ status: 'rejected', reason })));
});
