import { createRuntime } from 'holdfast';
import { balances } from '../fixtures/balances.ts';
import { readTask, report } from '../measurement.ts';

const { database } = readTask();
const runtime = await createRuntime({
  database,
  modules: [new URL('../fixtures/balances.ts', import.meta.url)],
});
// The first build starts the threads and has the code compiled.
await runtime.query(balances, 'select 1');

const startCpu = process.cpuUsage();
const start = performance.now();
let events = 0;
for await (const { done } of runtime.rebuild(balances)) events = done;
const seconds = (performance.now() - start) / 1_000;
const { user, system } = process.cpuUsage(startCpu);

const [sum] = await runtime.query<{ entries: number }>(
  balances,
  'select sum(entries) as entries from balances',
);
if (sum?.entries !== events) throw new Error(`${String(sum?.entries)} of ${events} events are in the table`);
await runtime.close();
const cpuUs = (user + system) / events;
report({ value: events / seconds, unit: 'events/s', detail: { events, seconds, cpuUs } });
