import { openRawLog } from '../fixtures/raw-log.ts';
import { over, ratio, type Scenario } from '../scenario.ts';

const raw = 'raw postMessage, batches of 64';
const messages = 'messages between actors of two hosts';
const timers = 'durable timers';
const plain = 'actor, new file';
const policies = ['deadline', 'remaining', 'restart'];
const withTimers = 'actor, 100,000 timers pending';

/** Fills a new file with timers that are due in a year, of all policies in turn. */
async function fillWithTimers(path: string, count: number): Promise<void> {
  const database = await openRawLog(path);
  const insert = database.prepare(
    `insert into timers (stream, actor, name, recipient, type, data, policy, delay_ms, set_at, due_at)
     values (?, '', 'xstate.after.1.waiter.waiting', '{"actor":""}', 'xstate.after.1.waiter.waiting', '{}', ?, ?, ?, ?)`,
  );
  const yearMs = 365 * 24 * 3_600_000;
  database.exec('begin immediate');
  for (let index = 0; index < count; index++) {
    insert.run(
      `waiter/${index}`,
      policies[index % policies.length] as string,
      yearMs,
      Date.now(),
      Date.now() + yearMs + index,
    );
  }
  database.exec('commit');
  database.close();
}

export const effects: Scenario = {
  name: 'effects',
  title: 'Timers and messages',
  note:
    'A timer is set by a command, fires after a millisecond and is consumed by an event: two commits and a delivery. A ' +
    'message is written with the event that sends it and consumed by the one that it becomes; 64 pairs of actors pass one ' +
    'to and fro, on two hosts. The starts are those of `start`, with and without timers, of every policy, that are due in a year.',
  rounds: 3,
  contenders: [
    { name: raw, program: 'messages-raw.ts', task: { size: 1_000_000, inFlight: 4_096 } },
    { name: messages, program: 'actor-messages.ts', task: { size: 20_000, inFlight: 64 } },
    { name: timers, program: 'actor-timers.ts', task: { size: 10_000, inFlight: 1_024 } },
    { name: plain, program: 'start-actor.mjs', task: { database: '' }, timesStart: true },
    { name: withTimers, program: 'start-actor.mjs', timesStart: true },
  ],
  budgets: [over(withTimers, plain, 'ms', 40), ratio(messages, raw, { atLeast: 0 })],
  prepare: (path, shrink) => fillWithTimers(path, shrink(100_000)),
};
