import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { notReadable, notText, type Skipped } from './skipped.ts';
import type { FoundFile } from './walk-folder.ts';

/** The content of a text file, as far as the desk cares. */
export interface Reading extends FoundFile {
  readonly hash: string;
}

const megabyte = 1024 * 1024;
const bytesMax = 4 * megabyte;

// What was a file a moment ago may be a pipe by now, and opening that would wait for a writer. Windows has neither flag.
const openFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

/** Reads a file if it is text in UTF-8, with or without a byte order mark, and not huge. Never throws. */
export function readDocument(root: string, file: FoundFile): Reading | Skipped {
  const { path, stamp } = file;
  if (file.bytes > bytesMax) return notText(path, `larger than ${bytesMax / megabyte} MB`);
  try {
    const content = readContent(join(root, path));
    if (content === undefined) return notText(path, 'no longer a file');
    const problem = problemWith(content);
    if (problem !== undefined) return notText(path, problem);
    return { path, bytes: content.length, stamp, hash: hash('sha256', content, 'hex') };
  } catch (error) {
    return notReadable(path, error);
  }
}

/** So much of a text is searched. */
const textLengthMax = 100_000;

/** The beginning of a text file, unless it is not any more what was read before. Never throws. */
export function readText(root: string, path: string, expectedHash: string): string | undefined {
  try {
    const content = readContent(join(root, path));
    if (content === undefined || hash('sha256', content, 'hex') !== expectedHash) return undefined;
    return content.toString('utf8').slice(0, textLengthMax).toWellFormed();
  } catch {
    return undefined;
  }
}

/** As much as the file had when it was opened: one that grows meanwhile does not keep us reading. */
function readContent(path: string): Buffer | undefined {
  const file = openSync(path, openFlags);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile() || stats.size > bytesMax) return undefined;
    const content = Buffer.allocUnsafe(stats.size);
    let length = 0;
    for (let count = -1; count !== 0 && length < content.length; length += count) {
      count = readSync(file, content, length, content.length - length, null);
    }
    return content.subarray(0, length);
  } finally {
    closeSync(file);
  }
}

function problemWith(content: Buffer): string | undefined {
  const mark = content.toString('hex', 0, 2);
  if (mark === 'fffe' || mark === 'feff') return 'UTF-16 instead of UTF-8';
  if (content.includes(0)) return 'binary';
  return isUtf8(content) ? undefined : 'not UTF-8';
}
