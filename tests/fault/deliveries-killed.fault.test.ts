import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ChildProgram, runChild } from '../support/child-program.ts';
import { CountingReceiver } from '../support/counting-receiver.ts';
import { expectWholeQueues } from '../support/stored-operations.ts';
import { straceArguments, whyNoStrace } from '../support/strace.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testThoroughly, times } from '../support/thorough.ts';

const after = (word: string, lines: readonly string[]) =>
  lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));

/** Names are those of rounds, in their order: `00`, `01`, ... */
function compareKeys(a: string, b: string): number {
  const [nameA = '', numberA] = a.split('-');
  const [nameB = '', numberB] = b.split('-');
  return nameA === nameB ? Number(numberA) - Number(numberB) : nameA < nameB ? -1 : 1;
}

/** What was promised to whoever handed in, as all lines of all processes and the receiver tell. */
function expectDelivered(receiver: CountingReceiver, lines: readonly string[], kills: number): void {
  const cancelling = new Set(after('cancels', lines));
  const kept = after('kept', lines).filter((key) => !cancelling.has(key));
  expect(kept.filter((key) => receiver.countOf(key) === 0)).toEqual([]);
  expect(receiver.countMax).toBeLessThanOrEqual(1 + kills);
  for (const [, keys] of receiver.firsts()) expect(keys).toEqual(keys.toSorted(compareKeys));
  const late = lines.filter(
    (line, at) =>
      line.startsWith('began ') && lines.slice(0, at).includes(line.replace('began', 'cancelled')),
  );
  expect(late).toEqual([]);
}

const roundName = (round: number) => String(round).padStart(2, '0');

test('SIGKILL at random moments: everything kept is delivered, in order, and nothing that was cancelled', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const receiver = await CountingReceiver.open();
  const lines: string[] = [];
  const kills = times(2, 10);

  for (let round = 0; round < kills; round++) {
    const child = new ChildProgram('deliver-operations.ts', [database, receiver.url, roundName(round), '14']);
    await child.printed(5 + Math.floor(Math.random() * 22));
    // Not just as one begins: what three processes die of in its first moment is a poison, whoever kills them.
    await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 50));
    child.kill();
    lines.push(...(await child.ended).lines);
  }
  const last = await runChild('deliver-operations.ts', [database, receiver.url, roundName(kills), '10']);

  expect(last).toMatchObject({ code: 0, stderr: '' });
  expectDelivered(receiver, [...lines, ...last.lines], kills);
  expect(after('cancelled', lines).length).toBeGreaterThan(0);
  const states = [...expectWholeQueues(database).values()];
  expect(new Set(states.filter((state) => state !== 'parked'))).toEqual(new Set(['done', 'cancelled']));
  // Chance may have three processes die of the first moments of one operation all the same, and no fewer park it.
  const begun = Map.groupBy(after('began', lines), (key) => key);
  const often = [...begun.values()].filter(({ length }) => length >= 3);
  expect(states.filter((state) => state === 'parked').length).toBeLessThanOrEqual(often.length);
});

testThoroughly('SIGKILL at chosen writes loses, reorders and revives nothing either', async ({ skip }) => {
  const why = whyNoStrace();
  skip(why !== undefined, why);
  const database = join(temporaryFolder(), 'app.db');
  const receiver = await CountingReceiver.open();
  const lines: string[] = [];
  let kills = 0;

  // Enqueues, cancels, claims and settlements each write twice or more.
  for (const call of [2, 20, 25, 31, 38, 46]) {
    const prefix = straceArguments(database, { calls: 'pwrite64,fsync', inject: `signal=KILL:when=${call}` });
    const child = await runChild('deliver-operations.ts', [database, receiver.url, roundName(kills), '20'], {
      prefix,
    });
    if (child.signal === 'SIGKILL') kills++;
    lines.push(...child.lines);
  }
  const last = await runChild('deliver-operations.ts', [database, receiver.url, roundName(kills), '0']);

  expect(last).toMatchObject({ code: 0, stderr: '' });
  expect(kills).toBeGreaterThanOrEqual(5);
  expectDelivered(receiver, [...lines, ...last.lines], kills);
  const ends = [...expectWholeQueues(database).values()];
  expect(ends.filter((state) => state !== 'done' && state !== 'cancelled')).toEqual([]);
});

test('two processes with one queue on one file deliver each operation once, in order across both', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const receiver = await CountingReceiver.open();

  const children = await Promise.all(
    ['a', 'b'].map((name) => runChild('deliver-operations.ts', [database, receiver.url, name, '60'])),
  );

  expect(children).toMatchObject([
    { code: 0, stderr: '' },
    { code: 0, stderr: '' },
  ]);
  const lines = children.flatMap((child) => child.lines);
  const cancelled = new Set(after('cancelled', lines));
  const kept = after('kept', lines);
  expect(kept).toHaveLength(120);
  // One that was under way may have arrived before it was told to end.
  const isFree = (key: string) => cancelled.has(key) && lines.includes(`began ${key}`);
  for (const key of kept.filter((each) => !isFree(each)))
    expect(receiver.countOf(key), key).toBe(cancelled.has(key) ? 0 : 1);
  // Who came first of the two is for the file to say; what one of them handed in stays in order.
  for (const [, keys] of receiver.firsts()) {
    for (const name of ['a', 'b']) {
      const own = keys.filter((key) => key.startsWith(name));
      expect(own).toEqual(own.toSorted(compareKeys));
    }
  }
  expect(children.every((child) => after('began', child.lines).length > 0)).toBe(true);
});
