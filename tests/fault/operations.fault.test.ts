import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runChild } from '../support/child-program.ts';
import { expectWholeQueues } from '../support/stored-operations.ts';
import { straceArguments, whyNoStrace } from '../support/strace.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { isThorough } from '../support/thorough.ts';
import { writtenOnce } from '../support/written-once.ts';

const after = (word: string, lines: readonly string[]) =>
  lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));

/** Each operation that was kept is done once in the end, those of one order key in order, as all lines tell. */
function expectCarriedOut(database: string, lines: readonly string[]): void {
  const stored = expectWholeQueues(database);
  const kept = after('kept', lines);
  expect(kept.filter((id) => stored.get(id) !== 'done')).toEqual([]);
  const done = after('done', lines);
  expect(new Set(done).size, 'nothing is done twice').toBe(done.length);
  const begun = lines.filter((line) => !line.startsWith('kept '));
  const late = begun.filter(
    (line, at) => line.startsWith('began ') && begun.indexOf(`done ${line.slice(6)}`) < at,
  );
  // One whose result was durable, and whose process died before it could say so, is not begun again.
  expect(late.filter((line) => done.includes(line.slice(6)))).toEqual([]);
  for (const key of [0, 1, 2, 3]) {
    const inLine = [...new Set(after('began', lines))].filter((id) => Number(id.split('-')[1]) % 4 === key);
    const byProcess = new Map<string, number>();
    for (const id of inLine) {
      const [pid = '', number] = id.split('-');
      expect(Number(number)).toBeGreaterThan(byProcess.get(pid) ?? -1);
      byProcess.set(pid, Number(number));
    }
  }
}

test('SIGKILL at any write loses no operation, and neither doubles nor reorders one', async ({ skip }) => {
  const why = whyNoStrace();
  skip(why !== undefined, why);
  const database = join(temporaryFolder(), 'app.db');
  const lines: string[] = [];
  let kills = 0;

  // The first ones hit the creation of the file, the later ones enqueues, claims and settlements.
  const calls = isThorough ? [1, 3, 8, ...Array.from({ length: 24 }, (_, at) => 14 + at)] : [1, 8, 14];
  for (const call of calls) {
    const prefix = straceArguments(database, { calls: 'pwrite64,fsync', inject: `signal=KILL:when=${call}` });
    const ended = await runChild('replay-operations.ts', [database, '12'], { prefix });
    if (ended.signal === 'SIGKILL') kills++;
    lines.push(...ended.lines);
    expectWholeQueues(database);
  }
  const { code, stderr, lines: last } = await runChild('replay-operations.ts', [database, '0']);

  expect({ code, stderr, kills }).toEqual({ code: 0, stderr: '', kills: calls.length });
  expectCarriedOut(database, [...lines, ...last]);
});

/** So that the faults hit operations and not the creation of the schema. */
const newDatabase = writtenOnce(async (path) => {
  await runChild('replay-operations.ts', [path, '0']);
});

test.for([
  { calls: 'fsync', inject: 'error=EIO:when=6..8', code: 'HOLDFAST_ERR_OUTCOME_UNKNOWN' },
  { calls: 'pwrite64', inject: 'error=EIO:when=30..33', code: 'HOLDFAST_ERR_STORAGE_IO' },
  { calls: 'pwrite64', inject: 'error=ENOSPC:when=30..33', code: 'HOLDFAST_ERR_STORAGE_FULL' },
])('$inject on $calls is $code; what is repeated is kept and done once', async (fault, { skip }) => {
  const why = whyNoStrace();
  skip(why !== undefined, why);
  const database = await newDatabase();

  const prefix = straceArguments(database, fault);
  const { code, lines, stderr } = await runChild('replay-operations.ts', [database, '40'], { prefix });

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(new Set(after('error', lines))).toEqual(new Set([fault.code]));
  expect(after('kept', lines)).toHaveLength(40);
  expectCarriedOut(database, lines);
});

test('two processes on one file share the work, and carry nothing out twice', async () => {
  const database = join(temporaryFolder(), 'app.db');

  const children = await Promise.all([0, 1, 2].map(() => runChild('replay-operations.ts', [database, '60'])));
  const { lines: rest } = await runChild('replay-operations.ts', [database, '0']);

  expect(children.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
    children.map(() => ({ code: 0, stderr: '' })),
  );
  const lines = [...children.flatMap((child) => child.lines), ...rest];
  const stored = expectWholeQueues(database);
  expect(after('kept', lines)).toHaveLength(180);
  expect([...stored.values()].every((state) => state === 'done')).toBe(true);
  expect(after('began', lines).toSorted()).toEqual(after('kept', lines).toSorted());
});
