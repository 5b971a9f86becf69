import { existsSync, linkSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { holdfastError } from '../../errors/holdfast-error.ts';
import { syncFile, syncFolder } from '../connection/sync-path.ts';

/**
 * Gives a complete file its name, once it is on the disk, unless there is a file of that name by now: a second name for
 * the same file can only be given where there is none (link(2)). A file system without such names, as FAT, is asked
 * first and renames then, and a file that comes to be in between is replaced.
 *
 * @throws HOLDFAST_ERR_ARGUMENT_INVALID if there is.
 */
export function publishFile(partial: string, target: string): void {
  syncFile(partial);
  try {
    linkSync(partial, target);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EEXIST') throw exists(target);
    refuseExisting(target);
    renameSync(partial, target);
  }
  removeQuietly(partial);
  try {
    syncFolder(dirname(target));
  } catch (error) {
    // A power cut may take the name: whoever is told that there is no copy finds none, and can repeat it.
    removeQuietly(target);
    throw error;
  }
}

/** For what is of no use any more, or is not worth an error of its own: a scanner of viruses may have it open, on Windows. */
export function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // A later backup removes what this one leaves behind.
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
