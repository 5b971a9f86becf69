// Usage: live-offline.ts DATABASE. Goes through a whole life of the offline runtime, each kind of thread included.
import { createRuntime } from 'holdfast/offline';
import { counter } from '../fixtures/counter.ts';

const [database = ''] = process.argv.slice(2);

const runtime = await createRuntime({
  database,
  modules: [new URL('../fixtures/counter.ts', import.meta.url)],
});
const actor = runtime.actor(counter, 'offline');
await actor.send({ type: 'added', by: 2 });
const { version } = await actor.snapshot();
// More than are verified without a thread of the pool.
await runtime.store.append(
  'more',
  Array.from({ length: 200 }, (_, data) => ({ type: 'noted', data })),
);
let events = 0;
for await (const _ of runtime.store.readAll()) events++;
const { ok } = await runtime.store.verify();
await runtime.store.backup(`${database}.backup`);
await runtime.close();
process.stdout.write(`version ${version}, ${events} events, ${ok ? 'sound' : 'damaged'}\n`);
