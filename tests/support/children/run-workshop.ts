// Usage: run-workshop.ts DATABASE MAKERS. Starts so many makers, prints "ready", then the position of every event that
// comes, and "done" when each of their customers has got everything.
import { createRuntime } from 'holdfast';
import { customer, expectedPieces, maker } from '../fixtures/workshop.ts';
import { say } from './say.ts';

const [database = '', makers = '1'] = process.argv.slice(2);
await using runtime = await createRuntime({
  database,
  modules: [new URL('../fixtures/workshop.ts', import.meta.url)],
  hosts: 2,
});
const ids = Array.from({ length: Number(makers) }, (_, index) => String(index));
await Promise.all(ids.map((id) => runtime.actor(maker, id).start()));
say('ready');
const stop = new AbortController();
const { position } = await runtime.store.stats();
const telling = (async () => {
  const { signal } = stop;
  for await (const event of runtime.store.subscribe({ after: position, signal })) say(`${event.position}`);
})();
await Promise.all(
  ids.map((id) =>
    runtime.actor(customer, id).waitFor(({ context }) => context.pieces.length >= expectedPieces.length),
  ),
);
stop.abort();
await telling;
say('done');
