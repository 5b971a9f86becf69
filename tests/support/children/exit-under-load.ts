// Usage: exit-under-load.ts DATABASE COUNT. 64 callers append through actors; after COUNT acknowledgements, or at once,
// the process exits with code 42 in the middle of it.
import { createRuntime } from 'holdfast';
import { notebook } from '../fixtures/notebook.ts';
import { say } from './say.ts';

const [database = '', count = '0'] = process.argv.slice(2);
const runtime = await createRuntime({
  database,
  modules: [new URL('../fixtures/notebook.ts', import.meta.url)],
  hosts: 2,
});
let acknowledged = 0;
say('ready');
const callers = Array.from({ length: 64 }, async (_, caller) => {
  for (let number = 0; ; number++) {
    const id = `${caller}-${number}`;
    await runtime.actor(notebook, `${caller % 8}`).send({ type: 'noted', id });
    say(id);
    if (++acknowledged === Number(count)) process.exit(42);
  }
});
if (count === '0') setImmediate(() => process.exit(42));
await Promise.all(callers);
