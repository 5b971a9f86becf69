import type { StreamRow } from '../protocol/reader-control.ts';

const batchEventsMax = 4_096;
const batchStreamsMax = 256;

/** Streams to be replayed by one task, and how long each is. */
export interface StreamBatch {
  readonly streams: readonly string[];
  readonly lengths: readonly number[];
}

/**
 * Parts the streams of actors among tasks of about the same size, while their names are read page by page. Names that
 * are no address belong to nobody's actor; `kinds` leaves out all others. The first batch may be empty, so that modules
 * are loaded also where there is nothing to replay.
 */
export async function* streamBatches(
  readPage: (after: number) => Promise<readonly StreamRow[]>,
  kinds: readonly string[] | undefined,
  onLeftOut: (events: number) => void,
): AsyncGenerator<StreamBatch, void, void> {
  let streams: string[] = [];
  let lengths: number[] = [];
  let events = 0;
  let isFirst = true;
  for (let after = 0; ; ) {
    const page = await readPage(after);
    for (const [streamId, stream, length] of page) {
      after = streamId;
      if (length === 0 || !isWanted(stream, kinds)) {
        onLeftOut(length);
        continue;
      }
      streams.push(stream);
      lengths.push(length);
      events += length;
      if (events < batchEventsMax && streams.length < batchStreamsMax) continue;
      yield { streams, lengths };
      [streams, lengths, events, isFirst] = [[], [], 0, false];
    }
    if (page.length === 0) break;
  }
  if (isFirst || streams.length > 0) yield { streams, lengths };
}

function isWanted(stream: string, kinds: readonly string[] | undefined): boolean {
  const slash = stream.indexOf('/');
  if (slash <= 0 || slash === stream.length - 1) return false;
  const kind = stream.slice(0, slash);
  return kinds === undefined ? !kind.startsWith('holdfast.') : kinds.includes(kind);
}
