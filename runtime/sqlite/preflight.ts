import { accessSync, closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { holdfastError } from '../errors/holdfast-error.ts';
import { corrupt, notADatabase, readOnly, storageError } from './storage-error.ts';

const headerBytes = 100;
const magic = 'SQLite format 3\u0000';

/** What the first hundred bytes of a database file say (sqlite.org/fileformat2.html, section 1.3). */
export interface FileHeader {
  readonly userVersion: number;
  readonly applicationId: number;
}

/**
 * Looks at the path with plain file reads before SQLite opens it, since SQLite may write to whatever it opens. Returns
 * the header, or `undefined` for a file that is missing or empty.
 *
 * @throws HOLDFAST_ERR_STORAGE_PATH, _READONLY, _NOT_A_DATABASE, _CORRUPT (shorter than its own header says).
 */
export function preflight(path: string): FileHeader | undefined {
  checkFolder(path);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (!stat.isFile()) {
    throw holdfastError(
      'HOLDFAST_ERR_STORAGE_PATH',
      `${path} is no file. Give the path of a file for the database.`,
    );
  }
  checkWritable(path, path);
  return stat.size === 0 ? undefined : readHeader(path);
}

/**
 * The same for a file that is only read: it must be there, and need not be writable.
 *
 * @throws HOLDFAST_ERR_STORAGE_PATH, _NOT_A_DATABASE, _CORRUPT.
 */
export function preflightForReading(path: string): FileHeader {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) {
    throw holdfastError(
      'HOLDFAST_ERR_STORAGE_PATH',
      `${path} is no file. Give the path of a database that exists: reading never creates one.`,
    );
  }
  if (stat.size === 0) throw notADatabase(path);
  return readHeader(path);
}

/** Refuses the path of a file whose folder is missing or cannot be written. */
export function checkFolder(path: string): void {
  const folder = dirname(path);
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isDirectory()) {
    throw holdfastError(
      'HOLDFAST_ERR_STORAGE_PATH',
      `The folder ${folder} of the database does not exist. Create it first, for example with ` +
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

function readHeader(path: string): FileHeader {
  const header = Buffer.alloc(headerBytes);
  const file = openSync(path, 'r');
  try {
    const length = readSync(file, header, 0, headerBytes, 0);
    if (length < headerBytes || header.toString('latin1', 0, 16) !== magic) throw notADatabase(path);
    checkLength(path, header, fstatSync(file).size);
  } catch (error) {
    throw storageError(error, path);
  } finally {
    closeSync(file);
  }
  return { userVersion: header.readUInt32BE(60), applicationId: header.readUInt32BE(68) };
}

/** A file with a log beside it may rightly be shorter than its header says, until the log is copied back. */
function checkLength(path: string, header: Buffer, size: number): void {
  const pageSize = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  const pages = header.readUInt32BE(28);
  const pagesAreValid = header.readUInt32BE(24) === header.readUInt32BE(92);
  const logSize = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (pagesAreValid && logSize === 0 && size < pages * pageSize) {
    throw corrupt(path, `it has ${size} bytes and should have ${pages * pageSize}`);
  }
}
