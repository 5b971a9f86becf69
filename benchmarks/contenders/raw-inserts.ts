import { join } from 'node:path';
import { aggregates, depositText, streamNames } from '../fixtures/commands.ts';
import { eventRows, insertStreams, openRawLog, RawWriter } from '../fixtures/raw-log.ts';
import { readTask, report } from '../measurement.ts';

const { folder, size, inFlight: perTransaction } = readTask();
const database = await openRawLog(join(folder, 'raw.db'));
insertStreams(database, streamNames(aggregates));
const endless = await eventRows({ streams: aggregates, type: 'deposited', dataOf: depositText });
const rows = Array.from({ length: size }, () => endless.next().value);
const writer = new RawWriter(database);

const startCpu = process.cpuUsage();
const start = performance.now();
for (let from = 0; from < size; from += perTransaction) writer.write(rows.slice(from, from + perTransaction));
const seconds = (performance.now() - start) / 1_000;
const { user, system } = process.cpuUsage(startCpu);

database.close();
const cpuUs = (user + system) / size;
report({ value: size / seconds, unit: 'rows/s', detail: { rows: size, seconds, cpuUs } });
