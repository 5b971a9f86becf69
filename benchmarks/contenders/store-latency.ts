import { join } from 'node:path';
import { EventStore, SqliteEventStoreBackend } from 'holdfast/store';
import { depositData } from '../fixtures/commands.ts';
import { reportLatency } from '../fixtures/one-by-one.ts';
import { readTask } from '../measurement.ts';

const { folder, size } = readTask();
await using store = EventStore.withBackend(await SqliteEventStoreBackend.open(join(folder, 'store.db')));
await reportLatency(size, (index) =>
  store.append('account/1', [{ type: 'deposited', data: depositData(index) }]),
);
