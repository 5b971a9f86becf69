import { describe } from '../protocol/names.ts';
import { checkOptions, invalidOption } from '../protocol/options.ts';
import type { StreamRow } from '../protocol/reader-control.ts';
import type { ReadOnlySqliteBackend } from './read-only-backend.ts';
import type { SqliteEventStoreBackend } from './sqlite-backend.ts';

/** A stream and the version of its last event. */
export interface ListedStream {
  readonly stream: string;
  readonly version: number;
}

/** Which streams to list. */
export interface ListStreamsOptions {
  /** What their names begin with. Default: all. */
  readonly prefix?: string;
  readonly signal?: AbortSignal;
}

/** The streams of a database in the order in which they were created. Reads page by page while it is iterated. */
export async function* streamsOf(
  backend: SqliteEventStoreBackend | ReadOnlySqliteBackend,
  options: ListStreamsOptions = {},
): AsyncGenerator<ListedStream, void, void> {
  if (typeof (backend as Partial<SqliteEventStoreBackend> | null | undefined)?.reader !== 'function')
    throw invalidOption(
      'streamsOf takes a backend over a file, such as `await SqliteEventStoreBackend.open(path)`.',
    );
  checkOptions('streamsOf', options, ['prefix', 'signal']);
  const { prefix = '', signal } = options;
  if (typeof prefix !== 'string')
    throw invalidOption(`streamsOf: "prefix" must be a string, got ${describe(prefix)}.`);
  const reader = await backend.reader();
  for (let after = 0; ; ) {
    signal?.throwIfAborted();
    const page: readonly StreamRow[] = await reader.request('streamsPage', after);
    if (page.length === 0) return;
    for (const [streamId, stream, version] of page) {
      after = streamId;
      if (stream.startsWith(prefix)) yield { stream, version };
    }
  }
}
