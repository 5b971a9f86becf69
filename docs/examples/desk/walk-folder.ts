import { isUtf8 } from 'node:buffer';
import { type Dirent, lstatSync, type Stats } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { notReadable, notText, type Skipped } from './skipped.ts';

/** A regular file, seen from outside. */
export interface FoundFile {
  /** Below the folder, with slashes. */
  readonly path: string;
  readonly bytes: number;
  /** As long as it is the same, so is the content; `undefined` if the file is too fresh to be sure. */
  readonly stamp: string | undefined;
}

/** What is in a folder. */
export interface Walk {
  readonly files: FoundFile[];
  readonly skipped: Skipped[];
}

/** Within this time, two writes may leave the same times behind: a tick of the kernel, or of a whole-second clock. */
const clockTickMs = { fine: 100, coarse: 2_000 };

/**
 * Lists a folder and everything below it, one folder after the other. Follows no symbolic link, so it meets no loop.
 * Paths are read as bytes, since a name need not be text.
 *
 * @throws if the folder itself cannot be listed, and the reason of the signal.
 */
export async function walkFolder(
  root: string,
  isIgnored: (path: string) => boolean,
  signal: AbortSignal,
): Promise<Walk> {
  const walk: Walk = { files: [], skipped: [] };
  const folders = [''];
  const now = Date.now();
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    signal.throwIfAborted();
    for (const entry of await list(root, folder, walk.skipped)) {
      const path = `${folder}${entry.name}`;
      if (isIgnored(join(root, path))) continue;
      const reason = reasonToSkip(entry);
      if (reason !== undefined) walk.skipped.push(notText(path, reason));
      else if (entry.isDirectory()) folders.push(`${path}/`);
      else look(root, path, now, walk);
    }
  }
  return walk;
}

async function list(root: string, folder: string, skipped: Skipped[]): Promise<Dirent<Buffer>[]> {
  try {
    return await readdir(join(root, folder), { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    if (folder === '') throw error;
    skipped.push(notReadable(folder, error));
    return [];
  }
}

function reasonToSkip(entry: Dirent<Buffer>): string | undefined {
  if (!isUtf8(entry.name)) return 'name is not UTF-8';
  if (entry.isSymbolicLink()) return 'symbolic link';
  if (entry.isFIFO()) return 'named pipe';
  if (entry.isSocket()) return 'socket';
  if (entry.isFile() || entry.isDirectory()) return undefined;
  return 'device';
}

/** Synchronous, because it takes microseconds, and a trip through the thread pool takes ten times as long. */
function look(root: string, path: string, now: number, { files, skipped }: Walk): void {
  try {
    const stats = lstatSync(join(root, path));
    files.push({ path, bytes: stats.size, stamp: stampOf(stats, now) });
  } catch (error) {
    skipped.push(notReadable(path, error));
  }
}

/**
 * Size and times, as Git's index has them. The time of change shows also a write that set the time of modification
 * back. A file that was written a moment ago gets no stamp: the next write may leave no trace in it.
 */
function stampOf({ size, mtimeMs, ctimeMs }: Stats, now: number): string | undefined {
  const tickMs = ctimeMs % 1_000 === 0 ? clockTickMs.coarse : clockTickMs.fine;
  if (Math.max(mtimeMs, ctimeMs) > now - tickMs) return undefined;
  return `${size} ${mtimeMs} ${ctimeMs}`;
}
