import { holdfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import type { EventStoreBackend, LongWorkOptions } from '../ports/event-store-backend.ts';
import type { EncodedEvent } from '../protocol/append.ts';
import { decode } from '../protocol/codec.ts';
import { limits } from '../protocol/limits.ts';
import { checkKey, checkName, checkWhole, describe } from '../protocol/names.ts';
import { checkOptions, invalidOption } from '../protocol/options.ts';
import type { RecordedEvent } from '../protocol/recorded-event.ts';

const format = 1;
const inFlightMax = 64;
const batchMax = 256;

/** Loaded when they are needed, which is rarely: they take a third of the time in which the door of the store is loaded. */
const loadFiles = () => import('node:fs/promises');
const loadCrypto = () => import('node:crypto');

/** What an export or an import went through. */
export interface TransferReport {
  readonly events: number;
  /** Events that were not there before; those of an export are all of them. */
  readonly written: number;
}

/**
 * Writes all events to a file, one JSON object a line in order of arrival, with a first line that says what it is and a
 * last one with the SHA-256 of all before it. The file gets its name when it is complete. Snapshots, timers, messages and
 * projections are no part of it: a copy of everything is `backup`.
 *
 * @throws HOLDFAST_ERR_ARGUMENT_INVALID for a file that exists; the reason of the signal.
 */
export async function exportEvents(
  backend: EventStoreBackend,
  path: string,
  options: LongWorkOptions = {},
): Promise<TransferReport> {
  checkTransfer('exportEvents', backend, path, options);
  const { signal, onProgress } = options;
  const { open, rm } = await loadFiles();
  const { createHash } = await loadCrypto();
  const partial = `${path}.partial`;
  await refuseExisting(path);
  const file = await open(partial, 'wx').catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error;
    throw holdfastError(
      'HOLDFAST_ERR_ARGUMENT_INVALID',
      `${partial} exists already: an export is being written, or one was cut off. Remove it if nobody writes to it.`,
    );
  });
  const hash = createHash('sha256');
  const write = async (lines: string): Promise<void> => {
    hash.update(lines);
    await file.appendFile(lines);
  };
  let events = 0;
  try {
    const last: readonly RecordedEvent[] = await backend.readLog({
      after: Number.MAX_SAFE_INTEGER,
      limit: 1,
      direction: 'backward',
    });
    const total = last[0]?.position ?? 0;
    await write(`${JSON.stringify({ holdfast: 'events', format })}\n`);
    for (let after = 0; after < total; ) {
      signal?.throwIfAborted();
      const page = await backend.readLog({ after, limit: limits.pageEventsMax, direction: 'forward' });
      const upTo = page.filter(({ position }) => position <= total);
      if (upTo.length === 0) break;
      await write(upTo.map(toLine).join(''));
      after = upTo.at(-1)?.position ?? total;
      events += upTo.length;
      onProgress?.({ done: events, total });
    }
    await file.write(`${JSON.stringify({ holdfast: 'end', events, sha256: hash.digest('hex') })}\n`);
    await file.sync();
    await file.close();
    await publish(partial, path);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
  return { events, written: events };
}

/**
 * Appends the events of a file that `exportEvents` has written. The whole file is checked before the first is appended.
 * Events that are there already are passed over, so an import that was interrupted is simply repeated. Where a stream
 * has other events already, the import stops at that line.
 *
 * @throws HOLDFAST_ERR_ARGUMENT_INVALID for a file that is none, or is cut off or changed; HOLDFAST_ERR_VERSION_CONFLICT
 * and HOLDFAST_ERR_IDEMPOTENCY_CONFLICT for streams that have gone another way; the errors of the storage.
 */
export async function importEvents(
  backend: EventStoreBackend,
  path: string,
  options: LongWorkOptions = {},
): Promise<TransferReport> {
  checkTransfer('importEvents', backend, path, options);
  const { signal, onProgress } = options;
  const total = await checkExport(path, signal);
  const underway: { readonly batch: readonly ExportedEvent[]; readonly outcome: Promise<number | Error> }[] =
    [];
  let events = 0;
  let written = 0;
  const settleFirst = async (): Promise<void> => {
    const first = underway.shift();
    if (first === undefined) return;
    const { batch } = first;
    let outcome = await first.outcome;
    if (outcome instanceof Error && isConflict(outcome) && batch.length > 1) {
      // A part of it is there already. What was sent after it is settled first, so that each is tried once at a time.
      await Promise.all(underway.map((later) => later.outcome));
      outcome = await appendOneByOne(backend, batch);
    }
    if (outcome instanceof Error) throw outcome;
    written += outcome;
    events += batch.length;
    onProgress?.({ done: events, total });
  };
  try {
    for await (const batch of batchesOf(eventsOf(path))) {
      signal?.throwIfAborted();
      // Sent at once, in the order of the file: the commits of many are shared.
      underway.push({ batch, outcome: append(backend, batch) });
      if (underway.length >= inFlightMax) await settleFirst();
    }
    while (underway.length > 0) await settleFirst();
  } finally {
    await Promise.all(underway.map(({ outcome }) => outcome));
  }
  return { events, written };
}

/** Refuses what is no backend, such as the store over one, and no path. */
function checkTransfer(by: string, backend: unknown, path: unknown, options: unknown): void {
  if (typeof (backend as Partial<EventStoreBackend> | null | undefined)?.readLog !== 'function')
    throw invalidOption(
      `${by} takes a backend, such as \`await SqliteEventStoreBackend.open(path)\`, and a path.`,
    );
  if (typeof path !== 'string' || path === '' || path.includes('\0'))
    throw invalidOption(`${by}: the path of the file must be a string, got ${describe(path)}.`);
  checkOptions(by, options, ['signal', 'onProgress']);
}

/** Events that follow each other in the file and in their stream, for one append each: always the same ones. */
async function* batchesOf(events: AsyncIterable<ExportedEvent>): AsyncGenerator<ExportedEvent[]> {
  let batch: ExportedEvent[] = [];
  for await (const event of events) {
    if (batch.length > 0 && (batch[0]?.stream !== event.stream || batch.length >= batchMax)) {
      yield batch;
      batch = [];
    }
    batch.push(event);
  }
  if (batch.length > 0) yield batch;
}

interface ExportedEvent extends Omit<RecordedEvent, 'data' | 'metadata'> {
  readonly data: unknown;
  readonly metadata: unknown;
}

/** Payloads are JSON already, and stand in the line as they are. */
function toLine({ data, metadata, ...event }: RecordedEvent): string {
  const fields = JSON.stringify(event).slice(0, -1);
  return `${fields},"metadata":${metadata ?? 'null'},"data":${data}}\n`;
}

/** Resolves with how many were not there before, or with the error. */
async function append(backend: EventStoreBackend, batch: readonly ExportedEvent[]): Promise<number | Error> {
  const [first] = batch as [ExportedEvent];
  try {
    const { outcome } = await backend.append({
      stream: first.stream,
      events: batch.map(toEncoded),
      expectedVersion: first.version - 1,
      expectedHead: null,
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
): Promise<number | Error> {
  let written = 0;
  for (const event of batch) {
    const outcome = await append(backend, [event]);
    if (outcome instanceof Error) return outcome;
    written += outcome;
  }
  return written;
}

function isConflict(error: Error): boolean {
  return isHoldfastError(error) && error.code.endsWith('_CONFLICT');
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
 * The number of events of an export, if it is whole.
 *
 * @throws HOLDFAST_ERR_ARGUMENT_INVALID for a file that is none, or is cut off or changed; the reason of the signal.
 */
export async function checkExport(path: string, signal: AbortSignal | undefined): Promise<number> {
  const { createHash } = await loadCrypto();
  await refuseStream(path);
  const hash = createHash('sha256');
  let number = 0;
  let events = 0;
  let end: { readonly events?: unknown; readonly sha256?: unknown } | undefined;
  for await (const line of linesOf(path)) {
    signal?.throwIfAborted();
    number++;
    const content = parse(path, number, line);
    if (end !== undefined) throw invalid(path, `line ${number} comes after its end`);
    if (number === 1) {
      if (content['holdfast'] !== 'events') throw invalid(path, 'it is no export of Holdfast');
      if (content['format'] !== format)
        throw invalid(
          path,
          `it is in format ${String(content['format'])}, and this Holdfast reads ${format}`,
        );
    } else if (content['holdfast'] === 'end') {
      end = content;
      continue;
    } else {
      if (!isEvent(content)) throw invalid(path, `line ${number} is no event`);
      const problem = problemOf(content, line);
      if (problem !== undefined)
        throw invalid(path, `line ${number} is no event that can be kept: ${problem}`);
      events++;
    }
    hash.update(`${line}\n`);
  }
  if (end === undefined) throw invalid(path, 'it is cut off: its last line is missing');
  if (end.events !== events || end.sha256 !== hash.digest('hex'))
    throw invalid(path, 'it is not what was written: its hash does not match');
  return events;
}

/** The second time a pipe is read there is nothing in it. */
async function refuseStream(path: string): Promise<void> {
  const { stat } = await loadFiles();
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || found.isFile() || found.isDirectory()) return;
  throw invalid(
    path,
    'it is a pipe or a device, and an import reads its file twice; save it as a file first',
  );
}

async function* eventsOf(path: string): AsyncGenerator<ExportedEvent> {
  let number = 0;
  for await (const line of linesOf(path)) {
    const content = parse(path, ++number, line);
    if (isEvent(content)) yield content;
  }
}

/** Lines end with a line feed and with nothing else: JSON may hold other characters that end lines in a text. */
async function* linesOf(path: string): AsyncGenerator<string> {
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
    throw invalid(path, `it cannot be read: ${(error as Error).message}`);
  }
  if (parts.length > 0) yield parts.join('');
}

function parse(path: string, number: number, line: string): Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(line);
    if (typeof content === 'object' && content !== null) return content as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw invalid(path, `line ${number} is no JSON object`);
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
    // A line holds more than the payload.
    const length = line.length > limits.payloadLengthMax ? JSON.stringify(data).length : 0;
    return length > limits.payloadLengthMax ? `its payload takes ${length} characters` : undefined;
  } catch (error) {
    return (error as Error).message.replace(/\.? \[HOLDFAST_\w+\]$/, '');
  }
}

/**
 * Gives a complete file its name, as a second one that can only be given where there is no file: see `publish-file.ts`.
 * That also does without moving it, which Windows refuses while a scanner of viruses has it open.
 */
async function publish(partial: string, path: string): Promise<void> {
  const { link, rename, rm } = await loadFiles();
  try {
    await link(partial, path);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EEXIST') throw exists(path);
    await refuseExisting(path);
    await rename(partial, path);
  }
  await rm(partial, { force: true }).catch(() => undefined);
}

/** Whatever is there: also a link that leads nowhere, and what may not be read. */
async function refuseExisting(path: string): Promise<void> {
  const { lstat } = await loadFiles();
  if ((await lstat(path).catch(() => undefined)) !== undefined) throw exists(path);
}

function exists(path: string): Error {
  return holdfastError(
    'HOLDFAST_ERR_ARGUMENT_INVALID',
    `${path} exists already; an export never replaces a file.`,
  );
}

function invalid(path: string, problem: string): Error {
  return holdfastError(
    'HOLDFAST_ERR_ARGUMENT_INVALID',
    `${path} cannot be imported: ${problem}. Nothing was written.`,
  );
}
