// Usage: leave-open.ts DATABASE. Uses a runtime in every way, never closes it, and has nothing left to do.
import { createRuntime } from 'holdfast';
import { notebook } from '../fixtures/notebook.ts';
import { say } from './say.ts';

const runtime = await createRuntime({
  database: process.argv[2] ?? '',
  modules: [new URL('../fixtures/notebook.ts', import.meta.url)],
});
const actor = runtime.actor(notebook, 'n');
await actor.send({ type: 'noted', id: 'a' });
say('sent');
for await (const _ of runtime.store.readAll());
for await (const _ of actor.changes()) break;
say('read');
await runtime.store.verify();
say('verified');
const done = performance.now();
process.on('exit', () => say(String(Math.round(performance.now() - done))));
