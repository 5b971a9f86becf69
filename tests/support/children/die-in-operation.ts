// Usage: die-in-operation.ts DATABASE close|exit|throw. Claims what there is, prints what it got as `began ID` and `parked
// ID`, and ends without having settled it.
import { SqliteOperations } from '../../../runtime/store/sqlite-operations.ts';
import { openStoreThread } from '../open-store-thread.ts';
import { OneQueue } from '../operation-subject.ts';
import { say } from './say.ts';

const [database = '', how = 'close'] = process.argv.slice(2);

const client = await openStoreThread(database);
const { claimed, ended } = await new OneQueue(new SqliteOperations(client)).look({ run: client.run });
for (const { operationId } of claimed) say(`began ${operationId}`);
for (const { operationId, state } of ended) say(`${state} ${operationId}`);
if (how === 'throw') throw new Error('the handler has broken everything');
if (how === 'exit') process.exit(7);
await client.close();
