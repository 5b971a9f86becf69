import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ChildProgram, runChild } from '../support/child-program.ts';
import { expectWholeLog } from '../support/stored-log.ts';
import { straceArguments, whyNoStrace } from '../support/strace.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { isThorough, times } from '../support/thorough.ts';

const acknowledgedBy = (lines: readonly string[]) => lines.filter((line) => line !== 'ready');

describe.each(['store', 'actors'])('64 callers append through the %s', (through) => {
  test('and SIGKILL at random moments loses nothing that was acknowledged', async () => {
    const database = join(temporaryFolder(), 'app.db');
    const acknowledged: string[] = [];

    for (let round = 0; round < times(1, 5); round++) {
      const child = new ChildProgram('append-notes.ts', [database, through]);
      await child.printed(2 + Math.floor(Math.random() * 1_500));
      child.kill();
      const { lines, signal } = await child.ended;
      expect(signal).toBe('SIGKILL');
      acknowledged.push(...acknowledgedBy(lines));
    }

    const { streams } = await expectWholeLog(database, acknowledged);
    expect(acknowledged.length).toBeGreaterThanOrEqual(6);
    expect(streams).toBeGreaterThan(0);
  });

  test('and SIGKILL at chosen system calls loses nothing that was acknowledged', async ({ skip }) => {
    const why = whyNoStrace();
    skip(why !== undefined, why);
    const database = join(temporaryFolder(), 'app.db');
    const acknowledged: string[] = [];
    let kills = 0;

    // The first ones hit the creation of the file and its schema, the later ones group commits under load.
    const calls = isThorough ? [1, 2, 4, 8, 15, 26, 47] : [1, 15, 47];
    for (const call of calls) {
      const prefix = straceArguments(database, {
        calls: 'pwrite64,fsync',
        inject: `signal=KILL:when=${call}`,
      });
      const { lines, signal } = await runChild('append-notes.ts', [database, through, '40'], { prefix });
      if (signal === 'SIGKILL') kills++;
      acknowledged.push(...acknowledgedBy(lines));
    }

    await expectWholeLog(database, acknowledged);
    expect(kills).toBe(calls.length);
  });
});
