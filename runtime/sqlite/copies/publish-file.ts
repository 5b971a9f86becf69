import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { holdfastError } from '../../errors/holdfast-error.ts';

/** What says that a folder may not be opened, or cannot be synced on its file system, rather than that the disk failed. */
const foldersCannotBeSynced = /^(EACCES|EBADF|EINVAL|ENOTSUP|EPERM)$/;

/**
 * Gives a complete file its name, once it is on the disk, unless there is a file of that name by now: a second name for
 * the same file can only be given where there is none (link(2)). A file system without such names, as FAT, is asked
 * first and renames then, and a file that comes to be in between is replaced.
 *
 * @throws HOLDFAST_ERR_ARGUMENT_INVALID if there is.
 */
export function publishFile(partial: string, target: string): void {
  syncPath(partial, 'r+');
  try {
    linkSync(partial, target);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EEXIST') throw exists(target);
    refuseExisting(target);
    renameSync(partial, target);
  }
  removeQuietly(partial);
  syncFolder(dirname(target));
}

/** For what is of no use any more, or is not worth an error of its own: a scanner of viruses may have it open, on Windows. */
export function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // A later backup removes what this one leaves behind.
  }
}

/** Has the name outlive a power cut, where a folder can be synced: on Windows and some file systems, none can. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  try {
    syncPath(folder, 'r');
  } catch (error) {
    if (!foldersCannotBeSynced.test(String((error as { code?: unknown }).code))) throw error;
  }
}

/** @throws HOLDFAST_ERR_ARGUMENT_INVALID */
export function refuseExisting(target: string): void {
  if (existsSync(target)) throw exists(target);
}

function exists(target: string): Error {
  return holdfastError(
    'HOLDFAST_ERR_ARGUMENT_INVALID',
    `${target} exists already; a backup never replaces a file.`,
  );
}

function syncPath(path: string, flags: string): void {
  const file = openSync(path, flags);
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
