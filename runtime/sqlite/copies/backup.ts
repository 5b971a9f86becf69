import type { MessagePort } from 'node:worker_threads';
import type { BackupProgress } from '../../protocol/reader-control.ts';
import { openForReading } from '../connection/open-database.ts';
import { checkFolder } from '../connection/preflight.ts';
import { storageError } from '../storage-error.ts';
import { partialName, removeLeftovers } from './partial-file.ts';
import { publishFile, refuseExisting, removeQuietly } from './publish-file.ts';
import { refuseCompanion } from './refuse-companion.ts';

/** A megabyte: between two steps, reads are served and a cancellation is noticed. */
const pagesPerStep = 256;

/**
 * Copies the database as it is at this moment while others go on writing. The copy gets its name only when it is
 * complete and on the disk; of several to one name, the first to be complete has it. A read transaction is held open,
 * so that appends made meanwhile neither change the copy nor start it over.
 */
export async function backupDatabase(path: string, target: string, progress: MessagePort): Promise<void> {
  refuseExisting(target);
  refuseCompanion(path, target);
  checkFolder(target);
  const partial = partialName(target);
  let cancelled = false;
  progress.on('message', () => {
    cancelled = true;
  });
  const database = openForReading(path);
  try {
    removeLeftovers(target);
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
    publishFile(partial, target);
  } catch (error) {
    removeQuietly(partial);
    // What SQLite keeps beside it stays where the disk has no room to say that it is done with.
    removeQuietly(`${partial}-journal`);
    throw storageError(error, target);
  } finally {
    database.close();
    progress.close();
  }
}
