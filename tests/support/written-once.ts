import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { temporaryFolder } from './temporary-folder.ts';

/** Copies of a database that is written, and closed, for the first test that asks for one. For the top of a test file. */
export function writtenOnce(write: (database: string) => Promise<void>): () => Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-written-'));
  const original = join(folder, 'app.db');
  let written: Promise<void> | undefined;
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return async () => {
    written ??= write(original);
    await written;
    const copy = join(temporaryFolder(), 'app.db');
    copyFileSync(original, copy);
    return copy;
  };
}
