import { closeSync, openSync } from 'node:fs';
import { createRuntime, isHoldfastError } from 'holdfast';
import { EventStore, ReadOnlySqliteBackend, SqliteEventStoreBackend } from 'holdfast/store';
import { counter } from '../fixtures/counter.ts';
import { titles } from '../fixtures/library.ts';

// Takes all file descriptors of the process, does this and that, gives them back, and does it again. Says how each
// went. It is started with a low limit of them.
const [what = '', database = ''] = process.argv.slice(2);

const taken: number[] = [];

function take(): void {
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch {
    // These were the last.
  }
}

function giveBack(): void {
  for (const descriptor of taken.splice(0)) closeSync(descriptor);
}

async function say(name: string, run: () => unknown): Promise<void> {
  const outcome = await Promise.resolve()
    .then(run)
    .then(
      () => 'done',
      (error) => (isHoldfastError(error) ? `${error.code} ${error.retryable}` : `raw: ${error}`),
    );
  process.stdout.write(`${name}: ${outcome}\n`);
}

async function lookAtStore(closesWithout: boolean): Promise<void> {
  const store = EventStore.withBackend(await SqliteEventStoreBackend.open(database));
  const append = () => store.append('notes', [{ type: 'noted' }]);
  const both = async (): Promise<void> => {
    await say('append', append);
    await say('flush', () => store.flush());
    if (closesWithout) return;
    await say('verify', () => store.verify());
    await say('backup', () => store.backup(`${database}.${taken.length}`));
    await say('open', async () => (await ReadOnlySqliteBackend.open(database)).close());
  };
  take();
  await both();
  if (closesWithout) return say('close', () => store.close());
  giveBack();
  await both();
  await say('close', () => store.close());
}

async function lookAtRuntime(): Promise<void> {
  const modules = ['counter', 'library'].map((name) => new URL(`../fixtures/${name}.ts`, import.meta.url));
  const open = () => createRuntime({ database, modules, hosts: 1 });
  const runtime = await open();
  const both = async (): Promise<void> => {
    await say('send', () => runtime.actor(counter, 'a').send({ type: 'added', by: 1 }));
    await say('rehearse', () => runtime.rehearse());
    await say('stateAt', () => runtime.stateAt('counter/a'));
    await say('query', () => runtime.query(titles, 'select * from titles'));
    await say('createRuntime', async () => (await open()).close());
  };
  take();
  await both();
  giveBack();
  await both();
  process.stdout.write(`state: ${runtime.state}\n`);
  await say('close', () => runtime.close());
}

/** All that the pool needs is loaded, and it has no thread yet. */
async function lookAtPool(): Promise<void> {
  const modules = [new URL('../fixtures/counter.ts', import.meta.url)];
  const runtime = await createRuntime({ database, modules, hosts: 1 });
  const all = async (): Promise<void> => {
    await say('verify', () => runtime.store.verify());
    await say('rehearse', () => runtime.rehearse());
    await say('stateAt', () => runtime.stateAt('counter/a'));
  };
  await runtime.actor(counter, 'a').send({ type: 'added', by: 1 });
  await all();
  const many = Array.from({ length: 3_000 }, () => ({ type: 'noted' }));
  await runtime.store.append('notes', many);
  take();
  await all();
  giveBack();
  await all();
  await say('close', () => runtime.close());
}

/** Its store thread starts from the file of an application, and loads what answers calls with the first of them. */
async function lookAtWorkerFile(): Promise<void> {
  const workerUrl = import.meta.resolve('holdfast/worker');
  const store = EventStore.withBackend(await SqliteEventStoreBackend.open(database, { workerUrl }));
  take();
  const flushed = store.flush();
  for (let count = 0; count < 3; count++)
    await say('append', () => store.append('notes', [{ type: 'noted' }]));
  giveBack();
  await say('flush', () => flushed);
  await say('close', () => store.close());
}

/** Its host runs, and looks at its memory after what takes long. */
async function lookAtHost(): Promise<void> {
  const modules = [new URL('../fixtures/counter.ts', import.meta.url)];
  const runtime = await createRuntime({ database, modules, hosts: 1 });
  const send = () => runtime.actor(counter, 'a').send({ type: 'added', by: 1 });
  await send();
  take();
  await say('commands', async () => {
    for (const end = performance.now() + 300; performance.now() < end; ) await send();
  });
  giveBack();
  const { hosts } = await runtime.health();
  process.stdout.write(`host: ${JSON.stringify(hosts[0]?.lastDeath)}\n`);
  await say('close', () => runtime.close());
}

if (what === 'runtime') await lookAtRuntime();
else if (what === 'host') await lookAtHost();
else if (what === 'pool') await lookAtPool();
else if (what === 'worker-file') await lookAtWorkerFile();
else await lookAtStore(what === 'close');
