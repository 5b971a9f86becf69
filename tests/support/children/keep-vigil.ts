// Usage: keep-vigil.ts DATABASE BOOK [ID]. Opens a runtime, has an actor of that id keep vigil if one is given, and stays
// until it is killed. Who keeps vigil is written into the book.
import { createRuntime } from 'holdfast';
import { vigil } from '../fixtures/vigil.ts';
import { say } from './say.ts';

const [database = '', book = '', id] = process.argv.slice(2);
const runtime = await createRuntime({
  database,
  modules: [new URL('../fixtures/vigil.ts', import.meta.url)],
});
if (id !== undefined) await runtime.actor(vigil, id).send({ type: 'keep', book, id });
say('up');
setInterval(() => undefined, 1_000);
