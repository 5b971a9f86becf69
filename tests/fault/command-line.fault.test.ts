import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { runChild } from '../support/child-program.ts';
import { createOldestLog } from '../support/oldest-log.ts';
import { straceArguments, whyNoStrace } from '../support/strace.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const program = join(import.meta.dirname, '../../dist/runtime/cli/holdfast.js');

// As Windows does while a scanner of viruses has a file open.
test.for([
  ['for a moment', 'error=EBUSY:when=1..3', 0],
  ['for good', 'error=EBUSY', 1],
] as const)(
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
