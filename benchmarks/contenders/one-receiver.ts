import { join } from 'node:path';
import { createRuntime } from 'holdfast';
import { counting, sender } from '../fixtures/effects.ts';
import { keepInFlight } from '../fixtures/in-flight.ts';
import { readTask, report } from '../measurement.ts';

const { folder, size, inFlight, subject } = readTask();
const runtime = await createRuntime({
  database: join(folder, 'one-receiver.db'),
  modules: [new URL('../fixtures/effects.ts', import.meta.url)],
});
const one = runtime.actor(counting, 'one');
const senders = [0, 1, 2, 3].map((number) => runtime.actor(sender, `${number}`));
const messages = 50;
await Promise.all([one, ...senders].map((actor) => actor.snapshot()));

const startCpu = process.cpuUsage();
const start = performance.now();
if (subject === 'messages') {
  await keepInFlight(size / messages, senders.length, (index) =>
    senders[index % senders.length]!.send({ type: 'asked', messages }),
  );
} else await keepInFlight(size, inFlight, () => one.send({ type: 'counted' }));
await one.waitFor(({ context }) => context.count >= size, { timeoutMs: 120_000 });
const seconds = (performance.now() - start) / 1_000;
const { user, system } = process.cpuUsage(startCpu);

await runtime.close();
const cpuUs = (user + system) / size;
report({ value: size / seconds, unit: `${subject}/s`, detail: { size, seconds, cpuUs } });
