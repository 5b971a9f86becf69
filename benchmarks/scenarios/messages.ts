import { ratio, type Scenario } from '../scenario.ts';

const task = { size: 1_000_000, inFlight: 4_096 };
const framed = 'frame port';
const raw = 'raw postMessage, batches of 64';

export const messages: Scenario = {
  name: 'messages',
  title: 'Messages between threads and back',
  note:
    'Requests of nine fields and answers of seven between the main thread and a worker, 4,096 under way. The frame ' +
    'port takes them one by one and gathers them itself; the raw contender gets whole batches to post.',
  rounds: 5,
  contenders: [
    { name: raw, program: 'messages-raw.ts', task },
    { name: framed, program: 'messages-framed.ts', task },
  ],
  budgets: [ratio(framed, raw, { atLeast: 0.8 })],
};
