import { depositText } from '../fixtures/commands.ts';
import { fillLog } from '../fixtures/raw-log.ts';
import { ratio, type Scenario } from '../scenario.ts';

const size = 100_000;
const actor = 'activation from the log';
const memory = 'fold in memory';

export const replay: Scenario = {
  name: 'replay',
  title: 'Replay of one stream',
  note:
    'An actor without a snapshot is activated from 100,000 events in the file: reading, crossing threads, parsing, ' +
    'folding. Against folding the same events, parsed already, with XState and one reused scope. Each has folded as ' +
    'many before the clock starts.',
  rounds: 7,
  contenders: [
    { name: memory, program: 'replay-in-memory.ts', task: { size } },
    { name: actor, program: 'replay-actor.ts' },
  ],
  budgets: [ratio(actor, memory, { atLeast: 0.7 })],
  prepare: (path, shrink) =>
    fillLog(path, 2 * shrink(size), ['ledger/first', 'ledger/second'], {
      type: 'deposited',
      dataOf: depositText,
    }),
};
