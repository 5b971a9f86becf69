import { join } from 'node:path';
import { createRuntime, type Runtime, type RuntimeOptions } from 'holdfast';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './temporary-folder.ts';

/** The URL of a module in `fixtures/`. */
export function fixture(name: string): URL {
  return new URL(`./fixtures/${name}.ts`, import.meta.url);
}

/** A runtime that is closed when the test has finished, over a database of its own unless one is given. */
export async function openRuntime(
  fixtures: readonly string[],
  options: Partial<RuntimeOptions> = {},
): Promise<Runtime> {
  const runtime = await createRuntime({
    database: options.database ?? join(temporaryFolder(), 'app.db'),
    modules: fixtures.map(fixture),
    hosts: 1,
    ...options,
  });
  onTestFinished(() => runtime.close());
  return runtime;
}
