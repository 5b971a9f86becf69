import { join } from 'node:path';
import { createRuntime } from 'holdfast';
import { keepInFlight } from '../fixtures/in-flight.ts';
import { payloadOf } from '../fixtures/operations.ts';
import { readTask, report } from '../measurement.ts';

const { folder, size, subject, inFlight } = readTask();
await using runtime = await createRuntime({ database: join(folder, 'queue.db'), modules: [] });
await runtime.connectivity.override('online', 'what is measured');
let delivered = 0;
const handlers = { deliver: () => delivered++ };
const outbox = runtime.storeAndForward('outbox', handlers, { concurrency: inFlight });
await outbox.pause();
const enqueue = (index: number): Promise<unknown> => outbox.enqueue(payloadOf(index));
if (subject === 'drain') await keepInFlight(size, 1_000, enqueue);

const startCpu = process.cpuUsage();
const start = performance.now();
if (subject === 'drain') {
  await outbox.resume();
  await outbox.drain();
} else await keepInFlight(size, inFlight, enqueue);
const seconds = (performance.now() - start) / 1_000;
const { user, system } = process.cpuUsage(startCpu);

const { depth } = await outbox.metrics();
const expected = subject === 'drain' ? { delivered: size, depth: 0 } : { delivered: 0, depth: size };
if (delivered !== expected.delivered || depth !== expected.depth)
  throw new Error(`${delivered} of ${size} operations were delivered, and ${depth} are there.`);
const cpuUs = (user + system) / size;
report({ value: size / seconds, unit: 'operations/s', detail: { operations: size, seconds, cpuUs } });
