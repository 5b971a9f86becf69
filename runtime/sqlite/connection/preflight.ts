import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { holdfastError } from '../../errors/holdfast-error.ts';
import { corrupt, notADatabase, nothingToRead, readOnly, storageError } from '../storage-error.ts';
import { describeLogDamage, findLogDamage } from './log-damage.ts';

const headerBytes = 100;
const magic = 'SQLite format 3\u0000';
/** What a journal begins with once it is whole, and SQLite takes back what it is of. */
const journalMagic = 'd9d505f920a163d7';
/** What a log begins with before anything is written to it (sqlite.org/fileformat2.html, section 4.1). */
const logHeaderBytes = 32;

/** What the first hundred bytes of a database file say (sqlite.org/fileformat2.html, section 1.3). */
export interface FileHeader {
  readonly userVersion: number;
  readonly applicationId: number;
}

/**
 * Looks at the path with plain file reads before SQLite opens it, since SQLite may write to whatever it opens. Returns
 * the header, or `undefined` for a file that is missing, empty, was being begun when the power failed, or is open here.
 *
 * @throws HOLDFAST_ERR_STORAGE_PATH, _READONLY, _NOT_A_DATABASE, _CORRUPT (shorter than its own header says, not there although
 * its log is, or with a log that is damaged before its end), _IO.
 */
export function preflight(path: string, isOpenHere = false): FileHeader | undefined {
  checkFolder(path);
  // In this order: whoever creates a database writes to its log only once there is something in the file.
  const logSize = sizeOf(logOf(path));
  const stat = statOf(path);
  if (stat !== undefined && !stat.isFile()) {
    throw holdfastError(
      'HOLDFAST_ERR_STORAGE_PATH',
      `${path} is no file. Give the path of a file for the database.`,
    );
  }
  if (stat !== undefined) checkWritable(path, path);
  if (stat !== undefined && stat.size > 0) {
    const header = isOpenHere ? undefined : readHeader(path);
    if (header === undefined && !isOpenHere) return undefined;
    if (logSize > logHeaderBytes) refuseDamagedLog(path);
    return header;
  }
  // SQLite would take the database for a new one, and remove the log of the old one.
  if (logSize > logHeaderBytes) throw lost(path);
  return undefined;
}

/**
 * The same for a file that is only read: it must be there, and need not be writable.
 *
 * @throws HOLDFAST_ERR_STORAGE_PATH, _NOT_A_DATABASE, _CORRUPT.
 */
export function preflightForReading(path: string): FileHeader {
  const stat = statOf(path);
  if (stat === undefined || !stat.isFile()) {
    throw holdfastError(
      'HOLDFAST_ERR_STORAGE_PATH',
      `${path} is no file. Give the path of a database that exists: reading never creates one.`,
    );
  }
  const header = stat.size === 0 ? undefined : readHeader(path);
  if (header === undefined) throw nothingToRead(path);
  return header;
}

/** Refuses the path of a file whose folder is missing or cannot be written. */
export function checkFolder(path: string): void {
  const folder = dirname(path);
  const stat = statOf(folder);
  if (stat === undefined || !stat.isDirectory()) {
    throw holdfastError(
      'HOLDFAST_ERR_STORAGE_PATH',
      `The folder ${folder} of ${basename(path)} does not exist. Create it first, for example with ` +
        `mkdir(${JSON.stringify(folder)}, { recursive: true }).`,
    );
  }
  checkWritable(folder, path);
}

function checkWritable(target: string, path: string): void {
  try {
    accessSync(target, constants.R_OK | constants.W_OK);
  } catch (error) {
    throw readOnly(path, error);
  }
}

/** Whether files can be created in a folder. */
export function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function readHeader(path: string): FileHeader | undefined {
  const header = Buffer.alloc(headerBytes);
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const length = readSync(file, header, 0, headerBytes, 0);
    const { size } = fstatSync(file);
    if (length < headerBytes || header.toString('latin1', 0, 16) !== magic) {
      if (isUnbegun(path, size)) return undefined;
      throw notADatabase(path);
    }
    checkLength(path, header, size);
  } catch (error) {
    throw storageError(error, path);
  } finally {
    if (file !== undefined) closeSync(file);
  }
  return { userVersion: header.readUInt32BE(60), applicationId: header.readUInt32BE(68) };
}

/**
 * Whether the power failed as SQLite wrote the first page of a file, and not all of it is there: the journal beside it says that
 * the file was empty, and SQLite empties it again (sqlite.org/fileformat2.html, section 3).
 */
function isUnbegun(path: string, size: number): boolean {
  const header = Buffer.alloc(28);
  let journal: number | undefined;
  try {
    journal = openSync(`${path}-journal`, 'r');
    readSync(journal, header, 0, header.length, 0);
  } catch {
    // There is none, which is how it is for whatever else is no database.
  } finally {
    if (journal !== undefined) closeSync(journal);
  }
  const pages = header.readUInt32BE(16);
  return header.toString('hex', 0, 8) === journalMagic && pages === 0 && size <= header.readUInt32BE(24);
}

/** A file with a log beside it may rightly be shorter than its header says, until the log is copied back. */
function checkLength(path: string, header: Buffer, size: number): void {
  const pageSize = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  const pages = header.readUInt32BE(28);
  const pagesAreValid = header.readUInt32BE(24) === header.readUInt32BE(92);
  if (pagesAreValid && sizeOf(logOf(path)) === 0 && size < pages * pageSize) {
    throw corrupt(path, `it has ${size} bytes and should have ${pages * pageSize}`);
  }
}

/** Whether a database has a log beside it that something may have been written to. */
export function hasLog(path: string): boolean {
  return sizeOf(logOf(path)) > logHeaderBytes;
}

/** @throws HOLDFAST_ERR_STORAGE_CORRUPT if more follows a damaged place in the log than a power cut can leave. */
export function refuseDamagedLog(path: string): void {
  const damage = lookAt(path, () => findLogDamage(logOf(path)));
  if (damage === undefined) return;
  throw holdfastError(
    'HOLDFAST_ERR_STORAGE_CORRUPT',
    `${describeLogDamage(logOf(path), damage)}. It was left as it is. Restore a backup; or, to go on without them, copy both ` +
      `files aside, cut the log to ${damage.soundBytes} bytes, and look with verify() at what is left.`,
  );
}

export function logOf(path: string): string {
  return `${path}-wal`;
}

function sizeOf(path: string): number {
  return statOf(path)?.size ?? 0;
}

/** What is there, if anything is. */
function statOf(path: string): Stats | undefined {
  return lookAt(path, () => statSync(path, { throwIfNoEntry: false }));
}

function lookAt<Seen>(path: string, look: () => Seen): Seen {
  try {
    return look();
  } catch (error) {
    throw storageError(error, path);
  }
}

function lost(path: string): Error {
  return holdfastError(
    'HOLDFAST_ERR_STORAGE_CORRUPT',
    `${path} is missing or empty, and its log ${logOf(path)} is there, with events that may be nowhere else. Both were left ` +
      'as they are. Put the database back beside its log; to begin anew, move the log away.',
  );
}
