import { holdfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import type { EventStoreBackend, LongWorkOptions } from '../ports/event-store-backend.ts';
import type { EncodedEvent } from '../protocol/append.ts';
import { decode } from '../protocol/codec.ts';
import { levelsOf } from '../protocol/json-levels.ts';
import { limits } from '../protocol/limits.ts';
import { checkKey, checkName, checkWhole, describe } from '../protocol/names.ts';
import type { RecordedEvent } from '../protocol/recorded-event.ts';
import { orAborted } from '../waiting/or-aborted.ts';
import { checkTransfer, format, loadCrypto, loadFiles, type TransferReport } from './export-events.ts';

const inFlightMax = 64;
const batchMax = 256;
/** Events may be large: in characters of the file, so many are closed a batch with, and so many are in hand. */
const batchCharactersMax = 1024 * 1024;
const inFlightCharactersMax = 16 * 1024 * 1024;

/**
 * Appends the events of a file that `exportEvents` has written. The whole file is checked before the first is appended, and
 * once more while they are: during the check, the progress is 0 of as many as were found so far. Events that are there already
 * are passed over, so an import that was interrupted is simply repeated. Where a stream has other events already, the import
 * stops at that line, and appends nothing more to that stream. Appends are sent ahead of their answers: when one fails, or the
 * signal is aborted, up to 64 of other streams may be written all the same, and of what is there in part, the rest may come after
 * them. Each stream is in the order of the file, always.
 *
 * @throws HOLDFAST_ERR_ARGUMENT_INVALID for a file that is none, is cut off or changed, or changes meanwhile;
 * HOLDFAST_ERR_VERSION_CONFLICT and HOLDFAST_ERR_IDEMPOTENCY_CONFLICT for streams that have gone another way;
 * HOLDFAST_ERR_CLOSED, the reason of the signal, what `onProgress` throws, and the errors of the storage.
 */
export async function importEvents(
  backend: EventStoreBackend,
  file: string,
  options: LongWorkOptions = {},
): Promise<TransferReport> {
  const path = checkTransfer('importEvents', backend, file, options);
  const { onProgress } = options;
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  // The file alone says nothing of a close.
  const unwatch = backend.watch(
    () => undefined,
    (reason) => ended.abort(reason),
  );
  try {
    const total = await checkExport(path, signal, onProgress);
    const changed = refusal(
      path,
      'It was changed after it was checked, and a part of it is imported. Repeat it with a file that is whole.',
    );
    return await appendEvents(backend, eventsOf(path, signal, changed), { path, total, signal, onProgress });
  } finally {
    unwatch();
  }
}

interface Appending {
  readonly path: string;
  readonly total: number;
  readonly signal: AbortSignal;
  readonly onProgress: LongWorkOptions['onProgress'];
}

async function appendEvents(
  backend: EventStoreBackend,
  found: AsyncIterable<Line>,
  { path, total, signal, onProgress }: Appending,
): Promise<TransferReport> {
  // Another process may hold the lock for as long as an append waits for it.
  const settled = <Result>(result: Promise<Result>) => orAborted(result, signal);
  const underway: Underway[] = [];
  let events = 0;
  let written = 0;
  let inFlight = 0;
  const settleFirst = async (): Promise<void> => {
    const first = underway.shift();
    if (first === undefined) return;
    const { batch, characters } = first;
    let outcome = await settled(first.outcome);
    if (isConflict(outcome)) {
      // A part of it is there already. What was sent after it is settled first, so that each is tried once at a time.
      await settled(Promise.all(underway.map((later) => later.outcome)));
      outcome = await settled(appendOneByOne(backend, batch, signal));
      if (outcome instanceof Error) throw stopped(path, outcome);
      // Those of its stream came too early, and are in conflict for that alone.
      for (const later of underway)
        if (later.batch[0]?.stream === batch[0]?.stream && isConflict(await settled(later.outcome)))
          later.outcome = append(backend, later.batch, later.head);
    }
    if (outcome instanceof Error) throw outcome;
    written += outcome;
    events += batch.length;
    inFlight -= characters;
    onProgress?.({ done: events, total: Math.max(total, events) });
  };
  try {
    for await (const { batch, characters } of batchesOf(found)) {
      // Sent at once, in the order of the file: the commits of many are shared.
      const before = underway.findLast((earlier) => earlier.batch[0]?.stream === batch[0]?.stream);
      const head = before?.batch.at(-1)?.id ?? null;
      underway.push({ batch, characters, head, outcome: append(backend, batch, head) });
      inFlight += characters;
      while (underway.length >= inFlightMax || inFlight >= inFlightCharactersMax) await settleFirst();
    }
    while (underway.length > 0) await settleFirst();
  } finally {
    await settled(Promise.all(underway.map(({ outcome }) => outcome))).catch(() => undefined);
  }
  return { events, written };
}

/** Events that follow each other in the file and in their stream, for one append each: always the same ones. */
async function* batchesOf(events: AsyncIterable<Line>): AsyncGenerator<Batch> {
  let batch: ExportedEvent[] = [];
  let characters = 0;
  for await (const { event, length } of events) {
    const isFull = batch.length >= batchMax || characters >= batchCharactersMax;
    const last = batch.at(-1);
    const follows = last?.stream === event.stream && last.version + 1 === event.version;
    if (last !== undefined && (!follows || isFull)) {
      yield { batch, characters };
      batch = [];
      characters = 0;
    }
    batch.push(event);
    characters += length;
  }
  if (batch.length > 0) yield { batch, characters };
}

interface Line {
  readonly event: ExportedEvent;
  readonly length: number;
}

interface Batch {
  readonly batch: readonly ExportedEvent[];
  readonly characters: number;
}

interface Underway extends Batch {
  /** The event of its stream before it that is under way, without which it must not be appended; `null` if none is. */
  readonly head: string | null;
  outcome: Promise<number | Error>;
}

interface ExportedEvent extends Omit<RecordedEvent, 'data' | 'metadata'> {
  readonly data: unknown;
  readonly metadata: unknown;
}

/** Resolves with how many were not there before, or with the error. */
async function append(
  backend: EventStoreBackend,
  batch: readonly ExportedEvent[],
  head: string | null,
): Promise<number | Error> {
  const [first] = batch as [ExportedEvent];
  try {
    const { outcome } = await backend.append({
      stream: first.stream,
      events: batch.map(toEncoded),
      expectedVersion: first.version - 1,
      expectedHead: head,
      idsAreKeys: true,
      idempotencyKey: null,
      fingerprint: '',
      reply: null,
      snapshot: null,
      consequences: null,
    });
    return outcome === 'appended' ? batch.length : 0;
  } catch (error) {
    return error as Error;
  }
}

async function appendOneByOne(
  backend: EventStoreBackend,
  batch: readonly ExportedEvent[],
  signal: AbortSignal,
): Promise<number | Error> {
  let written = 0;
  for (const event of batch) {
    if (signal.aborted) break;
    const outcome = await append(backend, [event], null);
    if (outcome instanceof Error) return outcome;
    written += outcome;
  }
  return written;
}

function isConflict(outcome: number | Error): boolean {
  return isHoldfastError(outcome) && outcome.code.endsWith('_CONFLICT');
}

/** A conflict says that nothing was written and to decide anew, which is true of its append, and not of an import. */
function stopped(path: string, error: Error): Error {
  const message = (why: string): string =>
    `The import of ${path} has stopped: ${why}. What comes before that in the file is imported, and some of what comes ` +
    'after it may be. Import into a database that has no other events of these streams.';
  if (isHoldfastError(error, 'HOLDFAST_ERR_VERSION_CONFLICT')) {
    const { code, stream, expected, actual } = error;
    const why = `${stream} has gone another way: it is at version ${actual} here, and the file goes on after version ${expected}`;
    return holdfastError(code, message(why), { stream, expected, actual }, error);
  }
  if (isHoldfastError(error, 'HOLDFAST_ERR_IDEMPOTENCY_CONFLICT')) {
    const { code, stream, key } = error;
    const why = `the event "${key}" of ${stream} is here with other content, or elsewhere`;
    return holdfastError(code, message(why), { stream, key }, error);
  }
  return error;
}

function toEncoded({ id, type, schemaVersion, data, metadata, recordedAt }: ExportedEvent): EncodedEvent {
  return {
    id,
    type,
    schemaVersion,
    data: JSON.stringify(data),
    metadata: metadata === null ? null : JSON.stringify(metadata),
    hash: '',
    recordedAt,
  };
}

/**
 * The number of events of an export, if it is whole. Tells how many were found so far, of which none is done.
 *
 * @throws HOLDFAST_ERR_ARGUMENT_INVALID for a file that is none, or is cut off or changed; the reason of the signal; what
 * `onProgress` throws.
 */
export async function checkExport(
  path: string,
  signal: AbortSignal | undefined,
  onProgress: LongWorkOptions['onProgress'],
): Promise<number> {
  const refuse = refusal(path, 'Nothing was written.');
  await refuseStream(path, refuse);
  let events = 0;
  for await (const _ of eventsOf(path, signal, refuse))
    if (++events % batchMax === 0) onProgress?.({ done: 0, total: events });
  return events;
}

/** The error for a problem of a file. */
type Refuse = (problem: string) => Error;

function refusal(path: string, outcome: string): Refuse {
  return (problem) =>
    holdfastError('HOLDFAST_ERR_ARGUMENT_INVALID', `${path} cannot be imported: ${problem}. ${outcome}`);
}

/** The second time a pipe is read there is nothing in it. */
async function refuseStream(path: string, refuse: Refuse): Promise<void> {
  const { stat } = await loadFiles();
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || found.isFile() || found.isDirectory()) return;
  throw refuse('it is a pipe or a device, and an import reads its file twice; save it as a file first');
}

/** The events of an export, each checked. Only at its end is it known whether it is whole. */
async function* eventsOf(
  path: string,
  signal: AbortSignal | undefined,
  refuse: Refuse,
): AsyncGenerator<Line, void, void> {
  const { createHash } = await loadCrypto();
  const hash = createHash('sha256');
  let number = 0;
  let events = 0;
  let end: { readonly events?: unknown; readonly sha256?: unknown } | undefined;
  for await (const line of linesOf(path, refuse)) {
    signal?.throwIfAborted();
    number++;
    const content = parse(line);
    if (content === undefined) throw refuse(`line ${number} is no JSON object`);
    if (end !== undefined) throw refuse(`line ${number} comes after its end`);
    if (content['holdfast'] === 'end' && number > 1) {
      end = content;
      continue;
    }
    hash.update(`${line}\n`);
    if (number === 1) {
      if (content['holdfast'] !== 'events') throw refuse('it is no export of Holdfast');
      if (content['format'] !== format)
        throw refuse(`it is in format ${String(content['format'])}, and this Holdfast reads ${format}`);
      continue;
    }
    if (!isEvent(content)) throw refuse(`line ${number} is no event`);
    const problem = problemOf(content, line);
    if (problem !== undefined) throw refuse(`line ${number} is no event that can be kept: ${problem}`);
    events++;
    yield { event: content, length: line.length };
  }
  if (end === undefined) throw refuse('it is cut off: its last line is missing');
  if (end.events !== events || end.sha256 !== hash.digest('hex'))
    throw refuse('it is not what was written: its hash does not match');
}

/** Lines end with a line feed and with nothing else: JSON may hold other characters that end lines in a text. */
async function* linesOf(path: string, refuse: Refuse): AsyncGenerator<string> {
  const { createReadStream } = await import('node:fs');
  let parts: string[] = [];
  try {
    for await (const chunk of createReadStream(path, 'utf8') as AsyncIterable<string>) {
      let start = 0;
      for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
        parts.push(chunk.slice(start, end));
        yield parts.join('');
        parts = [];
        start = end + 1;
      }
      if (start < chunk.length) parts.push(chunk.slice(start));
    }
  } catch (error) {
    throw refuse(`it cannot be read: ${(error as Error).message}`);
  }
  if (parts.length > 0) yield parts.join('');
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const content: unknown = JSON.parse(line);
    return typeof content === 'object' && content !== null ? (content as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isEvent(content: object): content is ExportedEvent {
  const { id, stream, version, type, schemaVersion, recordedAt } = content as Partial<ExportedEvent>;
  return (
    [id, stream, type].every((text) => typeof text === 'string' && text !== '') &&
    [version, schemaVersion, recordedAt].every(Number.isSafeInteger) &&
    'data' in content &&
    'metadata' in content
  );
}

/**
 * What would make an event one that cannot be read again: nothing removes it from a log. A hash says only that the file is
 * as it was written, and other programs write such files too.
 */
function problemOf(event: ExportedEvent, line: string): string | undefined {
  const { stream, id, type, version, schemaVersion, recordedAt, data, metadata } = event;
  try {
    checkName('the stream', stream);
    checkKey('the id', id);
    checkWhole('the version', version, 1);
    checkWhole('the schema version', schemaVersion, 1);
    if (!type.isWellFormed()) return 'its type has half a surrogate pair';
    if (Number.isNaN(new Date(recordedAt).getTime()))
      return `it was recorded at ${recordedAt}, which is no time`;
    if (metadata !== null && (typeof metadata !== 'object' || Array.isArray(metadata)))
      return `its metadata is ${describe(metadata)}`;
    for (const value of /"(?:\$|\\u0024)/.test(line) ? [data, metadata] : []) decode(JSON.stringify(value));
    // A payload takes up to three for one of its values, and SQLite looks into metadata.
    const levels = levelsOf(line);
    if (levels > 4 * limits.payloadDepthMax) return 'it is nested too deeply';
    if (levels > limits.payloadDepthMax && levelsOf(JSON.stringify(metadata)) > limits.payloadDepthMax)
      return 'its metadata is nested too deeply';
    // A line holds more than the payload.
    const length = line.length > limits.payloadLengthMax ? JSON.stringify(data).length : 0;
    return length > limits.payloadLengthMax ? `its payload takes ${length} characters` : undefined;
  } catch (error) {
    return (error as Error).message.replace(/\.? \[HOLDFAST_\w+\]$/, '');
  }
}
