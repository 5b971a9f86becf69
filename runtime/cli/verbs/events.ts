import { encode } from '../../protocol/codec.ts';
import { EventStore } from '../../store/event-store.ts';
import type { StoredEvent } from '../../store/stored-event.ts';
import { exitCodes } from '../exit-codes.ts';
import { wholeOption } from '../numbers.ts';
import { printable, printableJson, type Terminal } from '../terminal.ts';
import { readingVerb } from '../verb.ts';
import { versionAt } from '../version-at.ts';

/** Events, and with `--follow` every new one. */
export const events = readingVerb({
  summary: 'events in order of arrival; with --follow every new one',
  usage: '[--stream NAME] [--type TYPE] [--after POSITION] [--limit N] [--follow]',
  options: {
    stream: { type: 'string', value: 'NAME', help: 'only the events of this stream' },
    type: { type: 'string', value: 'TYPE', help: 'only the events of this type' },
    after: { type: 'string', value: 'POSITION', help: 'only the events after this position in the log' },
    limit: { type: 'string', value: 'N', help: 'at most so many; default all' },
    follow: { type: 'boolean', help: 'go on with every new event, until interrupted' },
  },
  async run(backend, { terminal, options, signal }) {
    const after = wholeOption('after', options['after']) ?? 0;
    const limit = wholeOption('limit', options['limit']) ?? Number.POSITIVE_INFINITY;
    const { stream, type } = options as { stream?: string; type?: string };
    const store = EventStore.withBackend(backend);
    const isFollowing = options['follow'] === true;
    const source = isFollowing
      ? store.subscribe({ after, signal })
      : stream === undefined
        ? store.readAll({ after })
        : store.read(stream, { after: await versionAt(backend, stream, after) });
    let count = 0;
    if (limit === 0) return exitCodes.done;
    for await (const event of source) {
      if (signal.aborted && !isFollowing) break;
      if (stream !== undefined && (event.stream !== stream || event.position <= after)) continue;
      if (type !== undefined && event.type !== type) continue;
      show(terminal, event);
      if (++count >= limit) break;
    }
    if (count === 0 && !isFollowing) terminal.note('no events');
    if (!isFollowing) signal.throwIfAborted();
    return exitCodes.done;
  },
});

/**
 * Payloads are shown as they are kept: plain JSON, with what JSON cannot hold as objects with a `$` key. The time of an
 * event in a damaged file may be none.
 */
function show(terminal: Terminal, { recordedAt, data, metadata, ...event }: StoredEvent): void {
  const payload = JSON.parse(encode(data)) as unknown;
  if (terminal.isJson) {
    const shown = {
      ...event,
      recordedAt: recordedAt.toJSON(),
      metadata: JSON.parse(encode(metadata)) as unknown,
    };
    return terminal.json({ ...shown, data: payload });
  }
  const { position, stream, version, type } = event;
  const text = printableJson(payload);
  const short = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  terminal.line(
    `${String(position).padStart(8)}  ${recordedAt.toJSON() ?? 'at no time'}  ${printable(`${stream}@${version}`)}  ${printable(type)}  ${short}`,
  );
}
