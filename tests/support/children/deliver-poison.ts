// Usage: deliver-poison.ts DATABASE. Hands in a poison and three others once, and carries out what there is: the poison
// kills this process. Ends when nothing is left that could be carried out.
import { alwaysOnline, createRuntime } from 'holdfast';
import { say } from './say.ts';

const [database = ''] = process.argv.slice(2);
const runtime = await createRuntime({
  database,
  modules: [],
  hosts: 1,
  connectivity: { probe: alwaysOnline },
});
const outbox = runtime.storeAndForward(
  'outbox',
  {
    async deliver(payload: string) {
      say(payload);
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (payload === 'poison') process.kill(process.pid, 'SIGKILL');
    },
  },
  { concurrency: 4 },
);
for (const payload of ['poison', 'first', 'second', 'third'])
  await outbox.enqueue(payload, { idempotencyKey: payload });
await outbox.drain();
const [parked] = await outbox.list({ states: ['parked'] });
say(`${parked?.payload} parked, ${(await outbox.metrics()).depth} left`);
await runtime.close();
