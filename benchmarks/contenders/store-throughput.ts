import { join } from 'node:path';
import { EventStore, SqliteEventStoreBackend } from 'holdfast/store';
import { aggregates, depositData, streamNames } from '../fixtures/commands.ts';
import { keepInFlight } from '../fixtures/in-flight.ts';
import { readTask, report } from '../measurement.ts';

const { folder, size, inFlight } = readTask();
const store = EventStore.withBackend(await SqliteEventStoreBackend.open(join(folder, 'store.db')));
const streams = streamNames(aggregates);

const startCpu = process.cpuUsage();
const start = performance.now();
await keepInFlight(size, inFlight, (index) =>
  store.append(streams[index % aggregates]!, [{ type: 'deposited', data: depositData(index) }]),
);
const seconds = (performance.now() - start) / 1_000;
const { user, system } = process.cpuUsage(startCpu);

const { events: rows } = await store.stats();
if (rows !== size) throw new Error(`${size} appends were acknowledged and ${rows} events are there.`);
await store.close();
const cpuUs = (user + system) / size;
report({ value: size / seconds, unit: 'appends/s', detail: { rows, seconds, cpuUs } });
