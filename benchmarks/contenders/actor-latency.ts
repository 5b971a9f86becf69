import { join } from 'node:path';
import { createRuntime } from 'holdfast';
import { deposit, idOf } from '../fixtures/commands.ts';
import { account } from '../fixtures/domain.ts';
import { reportLatency } from '../fixtures/one-by-one.ts';
import { readTask } from '../measurement.ts';

const { folder, size } = readTask();
await using runtime = await createRuntime({
  database: join(folder, 'actors.db'),
  modules: [new URL('../fixtures/domain.ts', import.meta.url)],
});
const actor = runtime.actor(account, idOf(0));
await reportLatency(size, (index) => actor.send(deposit(index)));
