import { closeSync, fsyncSync, openSync } from 'node:fs';

/** Whether a folder may not be opened, or cannot be synced on its file system, rather than that the disk failed. */
export function cannotBeSynced(error: unknown): boolean {
  return /^(EACCES|EBADF|EINVAL|ENOTSUP|EPERM)$/.test(String((error as { code?: unknown }).code));
}

/** Has what is in a file outlive a power cut. */
export function syncFile(path: string): void {
  syncPath(path, 'r+');
}

/** Has the names in a folder outlive a power cut, where one can be synced: on Windows and some file systems, none can. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  try {
    syncPath(folder, 'r');
  } catch (error) {
    if (!cannotBeSynced(error)) throw error;
  }
}

function syncPath(path: string, flags: string): void {
  const file = openSync(path, flags);
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
