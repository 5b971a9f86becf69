import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SqliteEventStoreBackend } from 'holdfast/store';
import { expect, onTestFinished, test, vi } from 'vitest';
import { runChild } from '../support/child-program.ts';
import { createOldestLog } from '../support/oldest-log.ts';
import { straceArguments, whyNoStrace } from '../support/strace.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { isThorough } from '../support/thorough.ts';

const program = join(import.meta.dirname, '../../dist/runtime/cli/holdfast.js');

// As Windows does while a scanner of viruses has a file open.
const refusals = [
  ['for good', 'error=EBUSY', 1],
  ['for a moment', 'error=EBUSY:when=1..3', 0],
] as const;

test.for(isThorough ? refusals : refusals.slice(0, 1))(
  'what was found in a copy is shown though its removal is refused %s',
  async ([, inject, left], { skip }) => {
    const why = whyNoStrace();
    skip(why !== undefined, why);
    const folder = temporaryFolder();
    const path = join(folder, 'older.db');
    createOldestLog(path);
    vi.stubEnv('TMPDIR', folder);
    // Calls are counted for each thread.
    vi.stubEnv('UV_THREADPOOL_SIZE', '1');
    onTestFinished(() => void vi.unstubAllEnvs());
    const prefix = straceArguments(path, { calls: 'rmdir', inject, suffixes: [] });

    const { code, lines, stderr } = await runChild(program, ['stats', path], { prefix });

    expect(readFileSync(`${path}.strace`, 'utf8')).toContain('(INJECTED)');
    expect(lines.join()).toMatch(/events +0,/);
    expect(code).toBe(0);
    expect(stderr.match(/the copy could not be removed: EBUSY/g) ?? []).toHaveLength(left);
    expect(readdirSync(folder).filter((name) => name.startsWith('holdfast-copy-'))).toHaveLength(left);
  },
);

test('an export is made where files cannot have two names', async ({ skip }) => {
  const why = whyNoStrace();
  skip(why !== undefined, why);
  const folder = temporaryFolder();
  const database = join(folder, 'app.db');
  const path = join(folder, 'all.ndjson');
  await (await SqliteEventStoreBackend.open(database)).close();
  const prefix = straceArguments(path, { calls: 'link,linkat', inject: 'error=EPERM', suffixes: [''] });

  const { code, stderr } = await runChild(program, ['export', database, path], { prefix });

  expect(readFileSync(`${path}.strace`, 'utf8')).toContain('(INJECTED)');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(3);
  expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([]);
});
