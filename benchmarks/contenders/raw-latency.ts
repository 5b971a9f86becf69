import { join } from 'node:path';
import { depositText } from '../fixtures/commands.ts';
import { reportLatency } from '../fixtures/one-by-one.ts';
import { eventRows, insertStreams, openRawLog, RawWriter } from '../fixtures/raw-log.ts';
import { readTask } from '../measurement.ts';

const { folder, size, subject } = readTask();
// As long as the threads of a command take before and after its commit.
const pauseMs = subject === 'paused' ? 0.2 : 0;
const pause = new Int32Array(new SharedArrayBuffer(4));
const database = await openRawLog(join(folder, 'raw.db'));
insertStreams(database, ['account/1']);
const rows = await eventRows({ streams: 1, type: 'deposited', dataOf: depositText });
const writer = new RawWriter(database);
await reportLatency(
  size,
  () => writer.write([rows.next().value]),
  () => void Atomics.wait(pause, 0, 0, pauseMs),
);
database.close();
