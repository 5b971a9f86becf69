import { join } from 'node:path';
import { createRuntime } from 'holdfast';
import { aggregates, deposit, idOf } from '../fixtures/commands.ts';
import { account } from '../fixtures/domain.ts';
import { keepInFlight } from '../fixtures/in-flight.ts';
import { readTask, report } from '../measurement.ts';

const { folder, size, inFlight } = readTask();
const runtime = await createRuntime({
  database: join(folder, 'actors.db'),
  modules: [new URL('../fixtures/domain.ts', import.meta.url)],
});
const actors = Array.from({ length: aggregates }, (_, index) => runtime.actor(account, idOf(index)));
await Promise.all(actors.map((actor) => actor.snapshot()));

const startCpu = process.cpuUsage();
const start = performance.now();
await keepInFlight(size, inFlight, (index) => actors[index % aggregates]!.send(deposit(index)));
const seconds = (performance.now() - start) / 1_000;
const { user, system } = process.cpuUsage(startCpu);

const { events: rows } = await runtime.store.stats();
if (rows !== size) throw new Error(`${size} commands were acknowledged and ${rows} events are there.`);
const closing = performance.now();
await runtime.close();
const closeMs = performance.now() - closing;
const cpuUs = (user + system) / size;
report({ value: size / seconds, unit: 'commands/s', detail: { rows, seconds, cpuUs, closeMs } });
