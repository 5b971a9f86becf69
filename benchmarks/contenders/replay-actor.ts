import { createRuntime } from 'holdfast';
import { ledger } from '../fixtures/domain.ts';
import { readTask, report } from '../measurement.ts';

const { database } = readTask();
const runtime = await createRuntime({
  database,
  modules: [new URL('../fixtures/domain.ts', import.meta.url)],
});
// Starts the threads and lets the code be compiled, on as many events.
await runtime.actor(ledger, 'first').snapshot();

const start = performance.now();
const { version } = await runtime.actor(ledger, 'second').snapshot();
const seconds = (performance.now() - start) / 1_000;

await runtime.close();
report({ value: version / seconds, unit: 'events/s', detail: { events: version, seconds } });
