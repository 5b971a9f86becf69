// Usage: flood.ts DATABASE reject|wait ACTORS COUNT. Sends so many commands to so many actors in one turn of the event loop,
// then one to a quiet actor, and prints what became of them as one line of JSON. Those that wait are given up after a
// tenth of them was answered.
import { createRuntime, isHoldfastError } from 'holdfast';
import { notebook } from '../fixtures/notebook.ts';
import { say } from './say.ts';

const [database = '', policy = 'reject', actors = '1', commands = ''] = process.argv.slice(2);
const count = Number(commands);
const hour = 3_600_000;
const enough = count / 10;

const runtime = await createRuntime({
  database,
  modules: [new URL('../fixtures/notebook.ts', import.meta.url)],
  hosts: 1,
  commandTimeoutMs: hour,
  closeTimeoutMs: hour,
  mailboxOverflow: policy as 'reject' | 'wait',
});
const busy = Array.from({ length: Number(actors) }, (_, index) => runtime.actor(notebook, `busy-${index}`));
const quiet = runtime.actor(notebook, 'quiet');
await Promise.all([quiet.snapshot(), busy[0]!.snapshot()]);

const abort = new AbortController();
const options = policy === 'wait' ? { signal: abort.signal } : {};
let answered = 0;
let inOrder = true;
const versions = busy.map(() => 0);
const refused = new Map<string, number>();
const heapBefore = process.memoryUsage().heapUsed;
const flood: Promise<unknown>[] = [];
for (let index = 0; index < count; index++) {
  const actor = index % busy.length;
  const settled = busy[actor]!.send({ type: 'noted', id: 'n' }, options).then(
    ({ version }) => {
      if (++answered === enough) abort.abort('enough');
      inOrder &&= version === ++versions[actor]!;
    },
    (error: unknown) => {
      const code = isHoldfastError(error) ? error.code : String(error);
      refused.set(code, (refused.get(code) ?? 0) + 1);
    },
  );
  if (index >= count - busy.length) flood.push(settled);
}
const floodMb = (process.memoryUsage().heapUsed - heapBefore) / 2 ** 20;
let answeredBeforeQuiet = 0;
const interactive = quiet.send({ type: 'noted', id: 'q' }, { mailboxOverflow: 'wait' }).then((receipt) => {
  answeredBeforeQuiet = answered;
  return receipt;
});
const { hosts } = await runtime.health();
await Promise.all(flood);
await runtime.close();

say(
  JSON.stringify({
    answered,
    inOrder,
    refused: Object.fromEntries(refused),
    floodMb,
    inFlight: hosts[0]?.inFlight,
    answeredBeforeQuiet,
    quietVersion: (await interactive).version,
  }),
);
