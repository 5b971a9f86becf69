import { streamsOf } from '../../store/list-streams.ts';
import { exitCodes } from '../exit-codes.ts';
import { wholeOption } from '../numbers.ts';
import { readingVerb } from '../verb.ts';

/** Streams with their versions. */
export const streams = readingVerb({
  summary: 'streams with their versions, in the order in which they were created',
  usage: '[--prefix TEXT] [--limit N]',
  options: {
    prefix: { type: 'string', value: 'TEXT', help: 'only the streams whose names begin so' },
    limit: { type: 'string', value: 'N', help: 'at most so many; default 1000, with --json all' },
  },
  async run(backend, { terminal, options, signal }) {
    const limit =
      wholeOption('limit', options['limit']) ?? (terminal.isJson ? Number.POSITIVE_INFINITY : 1_000);
    const prefix = String(options['prefix'] ?? '');
    const rows: { stream: string; version: number }[] = [];
    let count = 0;
    if (limit === 0) return exitCodes.done;
    for await (const row of streamsOf(backend, { prefix, signal })) {
      if (count++ >= limit) break;
      if (terminal.isJson) terminal.json(row);
      else rows.push(row);
    }
    if (!terminal.isJson) terminal.rows(rows, 'no streams');
    if (count > limit) terminal.note(`... and more: --limit N shows them`);
    return exitCodes.done;
  },
});
