// JavaScript, as it would be in production: stripping types takes time of the start.
import { join } from 'node:path';

const { folder, database } = JSON.parse(process.argv[2]);
const imported = performance.now();
const { createRuntime } = await import('holdfast');
const { counter } = await import('../fixtures/counter.mjs');
const opening = performance.now();
const runtime = await createRuntime({
  database: database === '' ? join(folder, 'actors.db') : database,
  modules: [new URL('../fixtures/counter.mjs', import.meta.url)],
});
const sending = performance.now();
await runtime.actor(counter, 'start').send({ type: 'added', by: 1 });
const detail = {
  importMs: opening - imported,
  openMs: sending - opening,
  firstCommandMs: performance.now() - sending,
};
console.log(JSON.stringify({ value: 0, unit: 'ms', detail }));
await runtime.close();
