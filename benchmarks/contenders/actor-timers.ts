import { join } from 'node:path';
import { createRuntime } from 'holdfast';
import { waiter } from '../fixtures/effects.ts';
import { keepInFlight } from '../fixtures/in-flight.ts';
import { readTask, report } from '../measurement.ts';

const { folder, size, inFlight } = readTask();
const runtime = await createRuntime({
  database: join(folder, 'timers.db'),
  modules: [new URL('../fixtures/effects.ts', import.meta.url)],
});
await runtime.actor(waiter, 'first').start();

const startCpu = process.cpuUsage();
const start = performance.now();
// Each is set with a command, fires, and is consumed with an event: two commits and a delivery.
await keepInFlight(size, inFlight, (index) => runtime.actor(waiter, String(index)).start());
const setSeconds = (performance.now() - start) / 1_000;
const { signal } = new AbortController();
let fired = 0;
for await (const { type } of runtime.store.subscribe({ after: 0, signal })) {
  if (type.startsWith('xstate.after') && ++fired > size) break;
}
const seconds = (performance.now() - start) / 1_000;
const { user, system } = process.cpuUsage(startCpu);

await runtime.close();
const cpuUs = (user + system) / size;
report({ value: size / seconds, unit: 'timers/s', detail: { seconds, setSeconds, cpuUs } });
