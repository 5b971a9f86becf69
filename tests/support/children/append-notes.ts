// Usage: append-notes.ts DATABASE store|actors [COUNT]. 64 callers append without end, or COUNT notes each, and print
// the id of each note once it is acknowledged, or the code of the error.
import { createRuntime } from 'holdfast';
import { EventStore, SqliteEventStoreBackend } from 'holdfast/store';
import { notebook } from '../fixtures/notebook.ts';
import { say } from './say.ts';

const [database = '', through = 'store', count = 'Infinity'] = process.argv.slice(2);
const callers = 64;

type Append = (caller: number, id: string) => Promise<unknown>;

async function openStore(): Promise<{ append: Append; close: () => Promise<void> }> {
  const store = EventStore.withBackend(await SqliteEventStoreBackend.open(database));
  return {
    append: (caller, id) => store.append(`notebook/${caller % 16}`, [{ type: 'noted', data: { id } }]),
    close: () => store.close(),
  };
}

async function openActors(): Promise<{ append: Append; close: () => Promise<void> }> {
  const modules = [new URL('../fixtures/notebook.ts', import.meta.url)];
  const runtime = await createRuntime({ database, modules, hosts: 2 });
  return {
    append: (caller, id) => runtime.actor(notebook, `${caller % 16}`).send({ type: 'noted', id }),
    close: () => runtime.close(),
  };
}

const { append, close } = through === 'actors' ? await openActors() : await openStore();
say('ready');
await Promise.all(
  Array.from({ length: callers }, async (_, caller) => {
    for (let number = 0; number < Number(count); number++) {
      const id = `${process.pid}-${caller}-${number}`;
      await append(caller, id);
      say(id);
    }
  }),
);
await close();
