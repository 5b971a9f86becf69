import { join } from 'node:path';
import { depositText } from '../fixtures/commands.ts';
import { reportLatency } from '../fixtures/one-by-one.ts';
import { eventRows, insertStreams, openRawLog, RawWriter } from '../fixtures/raw-log.ts';
import { readTask } from '../measurement.ts';

const { folder, size } = readTask();
const database = await openRawLog(join(folder, 'raw.db'));
insertStreams(database, ['account/1']);
const rows = await eventRows({ streams: 1, type: 'deposited', dataOf: depositText });
const writer = new RawWriter(database);
await reportLatency(size, () => writer.write([rows.next().value]));
database.close();
