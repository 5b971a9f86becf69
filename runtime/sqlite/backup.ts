import { closeSync, existsSync, fsyncSync, openSync, readSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import { holdfastError } from '../errors/holdfast-error.ts';
import type { BackupProgress } from '../protocol/reader-control.ts';
import { openForReading } from './open-database.ts';
import { checkFolder } from './preflight.ts';
import { applicationId } from './schema-version.ts';
import { storageError } from './storage-error.ts';

/** A megabyte: between two steps, reads are served and a cancellation is noticed. */
const pagesPerStep = 256;

/**
 * Copies the database as it is at this moment while others go on writing. The copy gets its name only when it is
 * complete and on the disk. A read transaction is held open, so that appends made meanwhile neither change the copy
 * nor start it over.
 */
export async function backupDatabase(path: string, target: string, progress: MessagePort): Promise<void> {
  if (existsSync(target)) {
    throw holdfastError(
      'HOLDFAST_ERR_ARGUMENT_INVALID',
      `${target} exists already; a backup never replaces a file.`,
    );
  }
  checkFolder(target);
  const partial = `${target}.partial`;
  removeLeftover(partial);
  let cancelled = false;
  progress.on('message', () => {
    cancelled = true;
  });
  const database = openForReading(path);
  try {
    database.exec('begin');
    database.prepare('select count(*) from replica').get();
    await database.backup(partial, {
      progress({ totalPages, remainingPages }) {
        if (cancelled) throw new Error('cancelled');
        const state: BackupProgress = { copied: totalPages - remainingPages, total: totalPages };
        progress.postMessage(state);
        return pagesPerStep;
      },
    });
    syncAndRename(partial, target);
  } catch (error) {
    rmSync(partial, { force: true });
    throw storageError(error, target);
  } finally {
    database.close();
    progress.close();
  }
}

/** A backup that was killed leaves its part of a database, or room for one. Whatever else has that name is not ours. */
function removeLeftover(partial: string): void {
  if (!existsSync(partial)) return;
  const header = Buffer.alloc(100);
  const file = openSync(partial, 'r');
  try {
    readSync(file, header, 0, header.length, 0);
  } finally {
    closeSync(file);
  }
  const isOurs = header.readUInt32BE(68) === applicationId || header.every((byte) => byte === 0);
  if (!isOurs) {
    const message = `${partial} exists already and is no interrupted backup. Remove it, or choose another name.`;
    throw holdfastError('HOLDFAST_ERR_ARGUMENT_INVALID', message);
  }
  rmSync(partial, { force: true });
}

function syncAndRename(partial: string, target: string): void {
  syncPath(partial, 'r+');
  renameSync(partial, target);
  if (process.platform !== 'win32') syncPath(dirname(target), 'r');
}

function syncPath(path: string, flags: string): void {
  const file = openSync(path, flags);
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
