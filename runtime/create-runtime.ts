import { loadPart } from './errors/load-part.ts';
import { type RuntimeOptions, resolveOptions } from './options.ts';
import type { Runtime } from './runtime.ts';
import { SqliteEventStoreBackend } from './store/sqlite-backend.ts';

/**
 * Opens a runtime over a database file. Starts the store thread only; hosts and the reader start when they are first
 * needed. Several runtimes, also of several processes, may have the same file open.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID, and what `SqliteEventStoreBackend.open` throws for a database that cannot be
 * opened.
 *
 * @example
 * await using runtime = await createRuntime({
 *   database: 'app.db',
 *   modules: [new URL('./domain.ts', import.meta.url)],
 * });
 */
export async function createRuntime(options: RuntimeOptions): Promise<Runtime> {
  const resolved = resolveOptions(options);
  const { database, lockTimeoutMs, workerUrl } = resolved;
  const opening = SqliteEventStoreBackend.open(database, { lockTimeoutMs, workerUrl });
  // The store thread starts on another processor while this one loads what comes after it.
  const [backend, { Runtime }] = await Promise.all([opening, loadPart(import('./runtime.ts'))]).catch(
    async (error: unknown) => {
      await (await opening).close();
      throw error;
    },
  );
  return new Runtime(backend, resolved);
}
