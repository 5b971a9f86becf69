// Usage: project-ledger.ts DATABASE. Says `ready`, builds the ledger anew, says how far it is, and `done` at its end.
import { createRuntime } from 'holdfast';
import { balances, ledger } from '../fixtures/ledger.ts';
import { say } from './say.ts';

const [database = ''] = process.argv.slice(2);
await using runtime = await createRuntime({
  database,
  modules: [new URL('../fixtures/ledger.ts', import.meta.url)],
});
say('ready');
const { position } = await runtime.store.stats();
await Promise.all([
  runtime.query(ledger, 'select 1', [], { after: position }),
  runtime.projected(balances, { after: position, partition: '1' }),
]);
for await (const { done } of runtime.rebuild(ledger)) say(`${done}`);
say('done');
