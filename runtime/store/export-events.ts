import { dirname, resolve } from 'node:path';
import { holdfastError } from '../errors/holdfast-error.ts';
import { loadPart } from '../errors/load-part.ts';
import type { EventStoreBackend, LongWorkOptions } from '../ports/event-store-backend.ts';
import { limits } from '../protocol/limits.ts';
import { describe } from '../protocol/names.ts';
import { checkOptions, invalidOption } from '../protocol/options.ts';
import type { RecordedEvent } from '../protocol/recorded-event.ts';

/** Which format of an export is written, and read. */
export const format = 1;

/**
 * Loaded when they are needed, which is rarely: they take a third of the time in which the door of the store is loaded. Their
 * types are named: inferred ones are written out in the declarations, as they are in the version of @types/node here, and no
 * other version has all of them.
 */
export const loadFiles = (): Promise<typeof import('node:fs/promises')> => import('node:fs/promises');
export const loadCrypto = (): Promise<typeof import('node:crypto')> => import('node:crypto');

/** What an export or an import went through. */
export interface TransferReport {
  readonly events: number;
  /** Events that were not there before; those of an export are all of them. */
  readonly written: number;
}

/**
 * Writes all events to a file, one JSON object a line in order of arrival, with a first line that says what it is and a
 * last one with the SHA-256 of all before it. The file gets its name when it is complete, and outlives a power cut once this
 * has resolved; what a killed process has left of one is removed by the next export to the same file. Snapshots, timers,
 * messages and projections are no part of it: a copy of everything is `backup`.
 *
 * @throws HOLDFAST_ERR_ARGUMENT_INVALID for a file that exists, or is one of SQLite's own beside the database;
 * HOLDFAST_ERR_STORAGE_PATH, _READONLY, _FULL and _IO where it cannot be written, which leaves none; the reason of the signal.
 */
export async function exportEvents(
  backend: EventStoreBackend,
  file: string,
  options: LongWorkOptions = {},
): Promise<TransferReport> {
  const path = checkTransfer('exportEvents', backend, file, options);
  const { signal, onProgress } = options;
  const { open, rm } = await loadFiles();
  const { createHash } = await loadCrypto();
  await refuseExisting(path);
  const { partialName, removeLeftovers } = await loadPart(import('../sqlite/copies/partial-file.ts'));
  const { path: database } = backend as { readonly path?: unknown };
  if (typeof database === 'string') {
    const { refuseCompanion } = await loadPart(import('../sqlite/copies/refuse-companion.ts'));
    refuseCompanion(database, path);
  }
  const refused = (error: unknown): Promise<never> => refuseFile(path, error);
  try {
    removeLeftovers(path);
  } catch {
    // A folder that may only be written to does not show what is left in it.
  }
  const partial = partialName(path);
  const written = await open(partial, 'wx').catch(refused);
  const hash = createHash('sha256');
  const write = async (lines: string): Promise<void> => {
    hash.update(lines);
    await written.appendFile(lines).catch(refused);
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
    // As all before it, and not `write`: that may write a part, of which nothing is told.
    const end = `${JSON.stringify({ holdfast: 'end', events, sha256: hash.digest('hex') })}\n`;
    await written.appendFile(end).catch(refused);
    await written.sync().catch(refused);
    await written.close().catch(refused);
    await publish(partial, path).catch(refused);
  } catch (error) {
    await written.close().catch(() => undefined);
    await rm(partial, { force: true }).catch(() => undefined);
    throw error;
  }
  return { events, written: events };
}

/** The error of the file system in the words of the storage, of the file that was asked for and not of the unfinished one. */
async function refuseFile(path: string, error: unknown): Promise<never> {
  const [{ checkFolder }, { storageError }] = await loadPart(
    Promise.all([import('../sqlite/connection/preflight.ts'), import('../sqlite/storage-error.ts')]),
  );
  checkFolder(path);
  throw storageError(error, path);
}

/**
 * Refuses what is no backend, such as the store over one, and no path. Returns that of the file as it is now, wherever the
 * program changes its folder to meanwhile.
 */
export function checkTransfer(by: string, backend: unknown, path: unknown, options: unknown): string {
  if (typeof (backend as Partial<EventStoreBackend> | null | undefined)?.readLog !== 'function')
    throw invalidOption(
      `${by} takes a backend, such as \`await SqliteEventStoreBackend.open(path)\`, and a path.`,
    );
  if (typeof path !== 'string' || path === '' || path.includes('\0'))
    throw invalidOption(`${by}: the path of the file must be a string, got ${describe(path)}.`);
  checkOptions(by, options, ['signal', 'onProgress']);
  return resolve(path);
}

/** Payloads are JSON already, and stand in the line as they are. */
function toLine({ data, metadata, ...event }: RecordedEvent): string {
  const fields = JSON.stringify(event).slice(0, -1);
  return `${fields},"metadata":${metadata ?? 'null'},"data":${data}}\n`;
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
  await syncFolder(dirname(path)).catch(async (error: unknown) => {
    await rm(path, { force: true }).catch(() => undefined);
    throw error;
  });
}

/** As `sync-path.ts` does it, but this thread does not wait for the disk. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const { open } = await loadFiles();
  const { cannotBeSynced } = await loadPart(import('../sqlite/connection/sync-path.ts'));
  try {
    const opened = await open(folder, 'r');
    try {
      await opened.sync();
    } finally {
      await opened.close();
    }
  } catch (error) {
    if (!cannotBeSynced(error)) throw error;
  }
}

/** Whatever is there: also a link that leads nowhere, and what may not be read. */
async function refuseExisting(path: string): Promise<void> {
  const { lstat } = await loadFiles();
  const found = await lstat(path).catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== 'ENOENT') return refuseFile(path, error);
    return undefined;
  });
  if (found !== undefined) throw exists(path);
}

function exists(path: string): Error {
  return holdfastError(
    'HOLDFAST_ERR_ARGUMENT_INVALID',
    `${path} exists already; an export never replaces a file.`,
  );
}
