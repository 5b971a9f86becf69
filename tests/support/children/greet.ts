// Usage: greet.ts DATABASE FROM COUNT. Creates so many documents, with a reactor that has each greeted, and then idles.
import { createRuntime } from 'holdfast';
import { document } from '../fixtures/greeter.ts';
import { say } from './say.ts';

const [database = '', from = '0', count = '0'] = process.argv.slice(2);
const runtime = await createRuntime({
  database,
  modules: [new URL('../fixtures/greeter.ts', import.meta.url)],
  hosts: 1,
});
say('ready');
for (let index = Number(from); index < Number(from) + Number(count); index++) {
  await runtime
    .actor(document, `${index}`)
    .send({ type: 'created', title: 'x' }, { idempotencyKey: 'created' });
  say(`${index}`);
}
setInterval(() => undefined, 1_000);
