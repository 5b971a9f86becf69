import { type Contender, ratio, type Scenario } from '../scenario.ts';

const rows = 200_000;
const raw = 'raw inserts, 256 a transaction';

const actors = (inFlight: number, size = rows): Contender => ({
  name: `actors, ${inFlight.toLocaleString('en')} in flight`,
  program: 'actor-throughput.ts',
  task: { size, inFlight },
});
const at1024 = actors(1_024);
const at5000 = actors(5_000);
const at8192 = actors(8_192);

export const throughput: Scenario = {
  name: 'throughput',
  title: 'Durable commands through actors',
  note:
    '1,000 actors in memory before the clock starts. The whole path: encoding, router, host thread, machine, hash, ' +
    'store thread, fsync, answer. Against one thread that inserts the same rows, computed beforehand, into a file with ' +
    'the same schema and pragmas. Both begin with an empty log; the actors save their snapshots besides, as by default.',
  rounds: 5,
  contenders: [
    { name: raw, program: 'raw-inserts.ts', task: { size: rows, inFlight: 256 } },
    at1024,
    at8192,
    at5000,
    actors(64, 100_000),
    actors(1, 10_000),
  ],
  budgets: [ratio(at1024.name, raw, { atLeast: 0.85 }), ratio(at8192.name, raw, { atLeast: 1 })],
};
