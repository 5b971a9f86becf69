// Usage: run-workshop.ts DATABASE MAKERS. Starts so many makers, prints "ready", and waits until each of their customers
// has got everything; prints "done" then.
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
await Promise.all(
  ids.map((id) =>
    runtime.actor(customer, id).waitFor(({ context }) => context.pieces.length >= expectedPieces.length),
  ),
);
say('done');
