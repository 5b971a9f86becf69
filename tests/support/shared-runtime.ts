import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRuntime, type Runtime, type RuntimeOptions } from 'holdfast';
import { afterAll } from 'vitest';
import { fixture } from './open-runtime.ts';

/** Options of a runtime that tests share. */
interface SharedOptions extends Partial<RuntimeOptions> {
  /** Writes, and closes, the database before it is opened. */
  readonly write?: (database: string) => Promise<void>;
  /** Another runtime that tests share, whose database it is to open as well. */
  readonly beside?: () => Promise<Runtime>;
}

/**
 * A runtime that is opened for the first test that asks for it and closed after the last of the file: threads take longer
 * to start than most tests to run. For the top of a test file, and for tests that do not look at what others have left.
 */
export function sharedRuntime(
  fixtures: readonly string[],
  { write, beside, ...options }: SharedOptions = {},
): () => Promise<Runtime> {
  let folder: string | undefined;
  let opened: Promise<Runtime> | undefined;
  const newDatabase = (): string => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-shared-'));
    return join(folder, 'app.db');
  };
  const open = async (): Promise<Runtime> => {
    const database = (await beside?.())?.database ?? newDatabase();
    await write?.(database);
    return createRuntime({ database, modules: fixtures.map(fixture), hosts: 1, ...options });
  };
  afterAll(async () => {
    await opened?.then((runtime) => runtime.close());
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });
  return () => {
    opened ??= open();
    return opened;
  };
}
