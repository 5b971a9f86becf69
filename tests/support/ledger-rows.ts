import type { Runtime } from 'holdfast';
import { balances, ledger } from './fixtures/ledger.ts';

/** Appends moves, notes and closings of ten accounts, by a seed. */
export async function appendHistory(runtime: Runtime, events: number, seed = 1): Promise<number> {
  let chance = seed;
  const draw = (below: number): number => {
    chance = (Math.imul(chance, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (chance >>> 8) % below;
  };
  let position = 0;
  for (let left = events; left > 0; left -= 500) {
    const batches = new Map<string, { type: string; data: object }[]>();
    for (let count = Math.min(left, 500); count > 0; count--) {
      const account = `account/${draw(10)}`;
      const kind = draw(100);
      const event =
        kind < 70
          ? { type: 'moved', data: { amount: draw(1_000) - 500 } }
          : kind < 98
            ? { type: 'noted', data: { note: `word${draw(50)} word${draw(50)}` } }
            : { type: 'closed', data: {} };
      const batch = batches.get(account) ?? [];
      batches.set(account, [...batch, event]);
    }
    const results = await Promise.all(
      [...batches].map(([stream, batch]) => runtime.store.append(stream, batch)),
    );
    position = Math.max(position, ...results.map((result) => result.position));
  }
  return position;
}

/** Everything in the tables of the ledger, and the states of the balances. */
export async function everything(runtime: Runtime, after = 0): Promise<unknown> {
  const rows = (sql: string) => runtime.query(ledger, sql, [], { after });
  return {
    accounts: await rows('select * from accounts order by id'),
    moves: await rows('select * from moves order by move'),
    notes: await rows('select rowid, * from notes order by rowid'),
    index: await rows("select * from notes where notes match 'word7' order by rank, rowid"),
    balances: await Promise.all(
      Array.from({ length: 10 }, (_, account) =>
        runtime.projected(balances, { after, partition: `${account}` }),
      ),
    ),
  };
}
