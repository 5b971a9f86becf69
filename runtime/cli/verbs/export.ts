import { exportEvents } from '../../store/export-events.ts';
import { exitCodes, UsageError } from '../exit-codes.ts';
import { readingVerb } from '../verb.ts';

/** Writes all events to a file of lines. */
export const exportVerb = readingVerb({
  summary: 'write all events to a file: a line of JSON for each, with a hash at the end',
  usage: 'FILE.ndjson',
  argsMax: 1,
  options: {},
  async run(backend, { args: [path], terminal, signal }) {
    if (path === undefined) throw new UsageError('The path of the export is missing.');
    const { events } = await exportEvents(backend, path, { signal, onProgress: terminal.progress });
    terminal.clearProgress();
    terminal.object({ export: path, events });
    return exitCodes.done;
  },
});
