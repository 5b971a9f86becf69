// Usage: append-with-retries.ts DATABASE store|actors COUNT. One caller appends COUNT notes, each under a key of its own,
// and repeats what fails. Prints the id of each note once it is acknowledged, and `error CODE` for each failure.
import { createRuntime, isHoldfastError } from 'holdfast';
import { EventStore, SqliteEventStoreBackend } from 'holdfast/store';
import { notebook } from '../fixtures/notebook.ts';
import { say } from './say.ts';

const [database = '', through = 'store', count = '0'] = process.argv.slice(2);
const attemptsMax = 10;

type Append = (id: string) => Promise<unknown>;

async function openStore(): Promise<{ append: Append; close: () => Promise<void> }> {
  const store = EventStore.withBackend(await SqliteEventStoreBackend.open(database));
  const append: Append = (id) =>
    store.append('notebook/n', [{ type: 'noted', data: { id } }], { idempotencyKey: id });
  return { append, close: () => store.close() };
}

async function openActors(): Promise<{ append: Append; close: () => Promise<void> }> {
  const modules = [new URL('../fixtures/notebook.ts', import.meta.url)];
  const runtime = await createRuntime({ database, modules, hosts: 1 });
  const actor = runtime.actor(notebook, 'n');
  const append: Append = (id) => actor.send({ type: 'noted', id }, { idempotencyKey: id });
  return { append, close: () => runtime.close() };
}

const { append, close } = through === 'actors' ? await openActors() : await openStore();
for (let number = 0; number < Number(count); number++) {
  const id = `${process.pid}-${number}`;
  for (let attempt = 1; ; attempt++) {
    try {
      await append(id);
      say(id);
      break;
    } catch (error) {
      say(`error ${isHoldfastError(error) ? error.code : error}`);
      if (attempt === attemptsMax) throw error;
    }
  }
}
await close();
