// app.ts
import { createRuntime, isHoldfastError } from 'holdfast';
import { account } from './account.ts';

await using runtime = await createRuntime({
  database: 'accounts.db',
  modules: [new URL('./account.ts', import.meta.url)],
});
const ada = runtime.actor(account, 'ada');

const started = await ada.start();
console.log(started.version, started.state);

const opened = await ada.send({ type: 'opened', owner: 'Ada' });
const { eventId, ...rest } = opened;
console.log(rest, eventId.length);

console.log((await ada.execute('gift', { times: 3 })).version);
console.log((await ada.execute('withdraw', { cents: 50 })).version);

try {
  await ada.send({ type: 'deposited', cents: 1 }, { expectedVersion: 2 });
} catch (error) {
  if (!isHoldfastError(error, 'HOLDFAST_ERR_VERSION_CONFLICT')) throw error;
  console.log('expected', error.expected, 'is at', error.actual);
}

const key = { idempotencyKey: 'payroll-2026-04' };
const first = await ada.send({ type: 'deposited', cents: 500 }, key);
const second = await ada.send({ type: 'deposited', cents: 500 }, key);
console.log(first.version, second.version, second.repeated);

const metadata = { by: 'bob', causationId: first.eventId };
await ada.send({ type: 'deposited', cents: 5 }, { metadata });
for await (const event of runtime.store.read(ada.address, { after: first.version }))
  console.log(event.version, event.type, event.data, event.metadata['by']);

const pressed = new AbortController();
await ada.send({ type: 'deposited', cents: 45 }, { signal: pressed.signal, timeoutMs: 2_000 });

const refused = [
  () => ada.send({ type: 'opened', owner: 'Eve' }),
  () => ada.send({ type: 'deposited', cents: -1 }),
  () => ada.execute('withdraw', { cents: 1_000_000 }),
  () => ada.send({ type: 'closed' }, { signal: AbortSignal.abort(new Error('no longer wanted')) }),
];
for (const command of refused) await command().catch((error) => console.log(error.message));

const snapshot = await ada.snapshot();
console.log(snapshot.version, snapshot.state, snapshot.context, snapshot.status, snapshot.matches('open'));

const watching = new AbortController();
for await (const { version, state, context } of ada.changes({ signal: watching.signal })) {
  console.log(version, state, context.cents);
  if (context.cents === 0) watching.abort();
  else await ada.execute('empty');
}

const heard = Promise.withResolvers<string>();
const stop = runtime.on(account, 'balanced', ({ id, event }) => heard.resolve(`${id}: ${event.cents}`));
await ada.send({ type: 'deposited', cents: 1 });
// Whoever listens keeps no process alive: here, the timer does.
const late = setTimeout(() => heard.reject(new Error('nothing was heard')), 10_000);
console.log(await heard.promise);
clearTimeout(late);
stop();

const rich = ada.waitFor(({ context }) => context.cents >= 1_000, { timeoutMs: 5_000 });
await ada.send({ type: 'deposited', cents: 1_000 });
console.log((await rich).context.cents);

await ada.send({ type: 'closed' });
await runtime.close();
console.log(runtime.state);
