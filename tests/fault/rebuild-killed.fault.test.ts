import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ChildProgram } from '../support/child-program.ts';
import { appendHistory, everything } from '../support/ledger-rows.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { isThorough, times } from '../support/thorough.ts';

test('a build that is killed again and again ends with what a clean one makes', async () => {
  const folder = temporaryFolder();
  const [killed, clean] = ['killed.db', 'clean.db'].map((name) => join(folder, name)) as [string, string];
  const written = await openRuntime([], { database: killed });
  const last = await appendHistory(written, times(3_000, 20_000));
  await written.close();
  copyFileSync(killed, clean);

  // In the first build, in the one that is asked for, and between the two.
  for (const afterMs of isThorough ? [0, 15, 40, 80, 150, 250, 400] : [15, 80]) {
    const child = new ChildProgram('project-ledger.ts', [killed]);
    await child.printed(1);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    child.kill();
    await child.ended;
  }
  const finished = new ChildProgram('project-ledger.ts', [killed]);
  expect(await finished.ended).toMatchObject({ code: 0, stderr: '' });

  const [found, expected] = await Promise.all(
    [killed, clean].map(async (database) => {
      const runtime = await openRuntime(['ledger'], { database });
      return everything(runtime, last);
    }),
  );
  expect(found).toEqual(expected);
});
