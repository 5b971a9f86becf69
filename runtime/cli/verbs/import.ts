import { existsSync, statSync } from 'node:fs';
import type { Progress } from '../../ports/event-store-backend.ts';
import { checkExport, importEvents } from '../../store/import-events.ts';
import { SqliteEventStoreBackend } from '../../store/sqlite-backend.ts';
import { exitCodes, UsageError } from '../exit-codes.ts';
import type { Verb } from '../verb.ts';

/** Appends the events of an export. */
export const importVerb: Verb = {
  summary: 'append the events of an export; what is there already is passed over',
  usage: 'FILE.ndjson',
  argsMax: 1,
  options: {},
  async run({ database, args: [path], terminal, signal }) {
    if (path === undefined) throw new UsageError('The path of the export is missing.');
    // A file that is refused leaves no new database behind, nor one in an empty file.
    if (!existsSync(database) || statSync(database).size === 0)
      await checkExport(path, signal, terminal.progress);
    await using backend = await SqliteEventStoreBackend.open(database);
    let reached = { done: 0, total: 0 };
    const onProgress = (progress: Progress): void => {
      reached = progress;
      terminal.progress(progress);
    };
    try {
      const { events, written } = await importEvents(backend, path, { signal, onProgress });
      terminal.clearProgress();
      terminal.object({ import: path, events, written });
      return exitCodes.done;
    } catch (error) {
      terminal.clearProgress();
      // What was sent is answered before a close, and may wait for the lock of another process.
      if (signal.aborted) backend.store().hurryAfter(0);
      // The error of one append says that nothing was written, which is true of that append.
      const { done, total } = reached;
      if (done > 0)
        terminal.error(`the first ${done} of ${total} events are in ${database}, perhaps some more.`);
      throw error;
    }
  },
};
