import { existsSync } from 'node:fs';
import { checkExport, importEvents } from '../../store/export-events.ts';
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
    // A file that is refused leaves no new database behind.
    if (!existsSync(database)) await checkExport(path, signal);
    await using backend = await SqliteEventStoreBackend.open(database);
    const { events, written } = await importEvents(backend, path, { signal, onProgress: terminal.progress });
    terminal.clearProgress();
    terminal.object({ import: path, events, written });
    return exitCodes.done;
  },
};
