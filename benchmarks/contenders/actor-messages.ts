import { join } from 'node:path';
import { createRuntime } from 'holdfast';
import { passer } from '../fixtures/effects.ts';
import { readTask, report } from '../measurement.ts';

const { folder, size, inFlight: pairs } = readTask();
const runtime = await createRuntime({
  database: join(folder, 'messages.db'),
  modules: [new URL('../fixtures/effects.ts', import.meta.url)],
  hosts: 2,
});
const hops = Math.ceil(size / pairs);
const pass = async (pair: number, left: number): Promise<void> => {
  const [one, other] = [`${pair}-a`, `${pair}-b`];
  const last = left % 2 === 0 ? one : other;
  const before = (await runtime.actor(passer, last).snapshot()).context.count;
  await runtime.actor(passer, one).send({ type: 'passed', to: other, left });
  const due = before + Math.floor(left / 2) + 1;
  await runtime.actor(passer, last).waitFor(({ context }) => context.count >= due, { timeoutMs: 120_000 });
};
await pass(0, 2);

const startCpu = process.cpuUsage();
const start = performance.now();
await Promise.all(Array.from({ length: pairs }, (_, pair) => pass(pair + 1, hops)));
const seconds = (performance.now() - start) / 1_000;
const { user, system } = process.cpuUsage(startCpu);

await runtime.close();
const passed = pairs * hops;
const cpuUs = (user + system) / passed;
report({ value: passed / seconds, unit: 'messages/s', detail: { passed, seconds, cpuUs } });
