// Usage: back-up.ts DATABASE TARGET.
import { EventStore, SqliteEventStoreBackend } from 'holdfast/store';

const [database = '', target = ''] = process.argv.slice(2);
const store = EventStore.withBackend(await SqliteEventStoreBackend.open(database));
await store.backup(target);
await store.close();
