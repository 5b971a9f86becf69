import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { createRuntime } from 'holdfast';
import { fragile } from '../fixtures/fragile.mjs';
import { quantile, readTask, report } from '../measurement.ts';

const { folder, size } = readTask();
await using runtime = await createRuntime({
  database: join(folder, 'actors.db'),
  modules: [new URL('../fixtures/fragile.mjs', import.meta.url)],
  hosts: 1,
  // Every death is the first of its period.
  supervision: { periodMs: 1 },
});
const actor = runtime.actor(fragile, 'a');
await actor.send({ type: 'held' });

const times = [];
for (let count = 0; count < size; count++) {
  const died = nextDeath();
  actor.send({ type: 'broken' }).catch(() => undefined);
  const start = await died;
  await actor.send({ type: 'held' });
  times.push(performance.now() - start);
}
const bare = [];
for (let count = 0; count < size; count++) bare.push(await bareStart());
report({
  value: quantile(times, 0.5),
  unit: 'ms',
  detail: {
    p90Ms: quantile(times, 0.9),
    maxMs: quantile(times, 1),
    bareMs: quantile(bare, 0.5),
    count: size,
  },
});

/** Resolves with the moment at which the main thread learns that the host has died. Nobody else waits for that. */
function nextDeath() {
  const alive = setInterval(() => undefined, 1_000);
  return new Promise((resolve) => {
    const listener = () => {
      clearInterval(alive);
      unsubscribe('holdfast:host:died', listener);
      resolve(performance.now());
    };
    subscribe('holdfast:host:died', listener);
  });
}

async function bareStart() {
  const start = performance.now();
  const worker = new Worker(`require('node:worker_threads').parentPort.postMessage(0)`, { eval: true });
  await new Promise((resolve) => worker.once('message', resolve));
  const ms = performance.now() - start;
  await worker.terminate();
  return ms;
}
