import type { HoldfastErrorCode } from '../errors/codes.ts';
import { type HoldfastError, holdfastError, isHoldfastError } from '../errors/holdfast-error.ts';

/** Turns what the driver or the file system threw into a coded error that says what happened and what to do. */
export function storageError(thrown: unknown, path: string): HoldfastError {
  if (isHoldfastError(thrown)) return thrown;
  const code = codeOf(thrown);
  const coded = (as: HoldfastErrorCode, message: string): HoldfastError =>
    holdfastError(as, message, undefined, thrown);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const said = code.startsWith('E') ? `"${message}"` : `SQLite says "${message}" (${code || 'no code'})`;
  // Of the addon, not of the file: SQLite was never asked.
  if (/DLOPEN|MODULE_NOT/.test(code) || thrown instanceof EvalError) {
    return coded(
      'HOLDFAST_ERR_THREAD_START',
      `better-sqlite3 cannot be loaded: "${message}". Install it for this platform, and have Node.js allow addons.`,
    );
  }
  // SHMSIZE: the index of the log could not grow, for which a full disk is the reason there is.
  if (['SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE', 'ENOSPC', 'EDQUOT'].includes(code)) {
    return coded(
      'HOLDFAST_ERR_STORAGE_FULL',
      `The disk of ${path}, or that of temporary files if it was a large query, is full and nothing was written. Free some ` +
        'space and repeat the call; no restart is needed.',
    );
  }
  if (code === 'SQLITE_IOERR_GETTEMPPATH') {
    return coded(
      'HOLDFAST_ERR_STORAGE_IO',
      `A query of ${path} needs temporary files, and no folder for them may be written. Set SQLITE_TMPDIR to one that may.`,
    );
  }
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return coded(
      'HOLDFAST_ERR_STORAGE_BUSY',
      `Another process holds the write lock of ${path} and nothing was written. Repeat the call.`,
    );
  }
  if (code === 'SQLITE_NOTADB') return notADatabase(path, thrown);
  // Our own SQL is right: what it names is not where the schema says, or the schema is not what was written.
  if (isDamage(thrown) || code === 'SQLITE_ERROR') return corrupt(path, said, thrown);
  if (code.startsWith('SQLITE_READONLY') || code === 'EACCES' || code === 'EROFS' || code === 'EPERM') {
    return readOnly(path, thrown);
  }
  // The driver looks for the folder itself, and gives its error no code.
  const isMissing = code.startsWith('SQLITE_CANTOPEN') || message.includes('directory does not exist');
  if (isMissing || ['ELOOP', 'ENAMETOOLONG', 'ENOTDIR', 'ENOENT'].includes(code)) {
    return coded(
      'HOLDFAST_ERR_STORAGE_PATH',
      `${path} cannot be opened: ${said}. Check that its folder exists and may be entered and written, that the path names a file, and ` +
        `that the disk can be read.${hintOfLength(path)}`,
    );
  }
  if (isRefusal(thrown)) {
    return coded(
      'HOLDFAST_ERR_INVARIANT',
      `${path} refused what Holdfast wrote, and nothing was written: ${said}. This is a defect in Holdfast; please report it.`,
    );
  }
  return coded(
    'HOLDFAST_ERR_STORAGE_IO',
    `${path} could not be read or written: ${said}. Nothing was written. Check the disk, and the quota of ` +
      'its user if there is one, which SQLite does not tell from it; then repeat the call.',
  );
}

/** SQLite says of a path that is too long for it only that it cannot open it (`MAX_PATHNAME` of its `os_unix.c`). */
function hintOfLength(path: string): string {
  const bytes = Buffer.byteLength(path);
  return bytes > 400 ? ` It has ${bytes} bytes: SQLite takes 504, and fewer of a backup.` : '';
}

/**
 * Whether a failed commit may nevertheless be on disk. An fsync that failed says nothing about what it was to sync. And
 * SQLite enlarges the index of its log only after the log itself has been synced: if that fails, the commit is not in
 * force now, but will be found there after a crash.
 */
export function isUnknownOutcome(thrown: unknown): boolean {
  const code = codeOf(thrown);
  return /FSYNC|_SHM|NOMEM/.test(code);
}

/** Whether the database refused the content, or we made a mistake: nothing that a disk could be blamed for. */
export function isRefusal(thrown: unknown): boolean {
  const code = codeOf(thrown);
  return (
    code.startsWith('SQLITE_CONSTRAINT') ||
    code.startsWith('SQLITE_TOOBIG') ||
    !/^(SQLITE_|E[A-Z])/.test(code)
  );
}

/** Whether SQLite found the file itself damaged. */
export function isDamage(thrown: unknown): boolean {
  return codeOf(thrown).startsWith('SQLITE_CORRUPT');
}

function codeOf(thrown: unknown): string {
  return String((thrown as { code?: unknown })?.code ?? '');
}

export function outcomeUnknown(path: string, thrown: unknown): HoldfastError {
  return holdfastError(
    'HOLDFAST_ERR_OUTCOME_UNKNOWN',
    `The disk of ${path} failed while a commit was being made durable: after a crash it may be there or not. ` +
      'Repeat the call with the same idempotency key, which appends at most once.',
    undefined,
    thrown,
  );
}

export function notADatabase(path: string, cause?: unknown): HoldfastError {
  return holdfastError(
    'HOLDFAST_ERR_STORAGE_NOT_A_DATABASE',
    `${path} is no SQLite database and was left as it is. Give the path of another file.`,
    undefined,
    cause,
  );
}

/** The error of a file that is read and has nothing in it. */
export function nothingToRead(path: string): HoldfastError {
  return holdfastError(
    'HOLDFAST_ERR_STORAGE_NOT_A_DATABASE',
    `${path} has nothing in it: it is no database, or another process is just creating it. Look again, or give the path of ` +
      'another file.',
  );
}

/** With the cause, which SQLite also gives for what the disk could not read for a moment. */
export function corrupt(path: string, what: string, cause?: unknown): HoldfastError {
  const perhaps = cause === undefined ? '' : ', or the disk could not be read for a moment';
  const lastly = cause === undefined ? 'Move' : 'If it stays so, move';
  return holdfastError(
    'HOLDFAST_ERR_STORAGE_CORRUPT',
    `${path} is damaged${perhaps}: ${what}. It was left as it is. ${lastly} it away with its -wal and -shm, which would ` +
      'damage another file in its place, then restore a backup.',
    undefined,
    cause,
  );
}

export function readOnly(path: string, cause?: unknown): HoldfastError {
  return holdfastError(
    'HOLDFAST_ERR_STORAGE_READONLY',
    `${path} or its folder cannot be written. Give write permission to the folder, or take another one: beside a database ` +
      'SQLite needs to create files, also to read it.',
    undefined,
    cause,
  );
}
