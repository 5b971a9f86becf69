import { closeSync, openSync, readdirSync, readSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isProcess, processIdentity } from './process-identity.ts';
import { applicationId } from './schema-version.ts';

/** Whose file it is, by number and beginning of the process, and one of how many of it. */
const nameEnd = /^\.(\d+)-(\d*)-[0-9a-z]+\.partial$/;

/** The name of a file while it is written. No other one has it, also of this process: each is one of its own. */
export function partialName(target: string): string {
  const [pid, begin = ''] = (processIdentity(process.pid) ?? `${process.pid}`).split(' ');
  // The moment, since chance is the same in each thread under `node --random-seed`.
  const own = process.hrtime.bigint().toString(36) + Math.random().toString(36).slice(2);
  return `${target}.${pid}-${begin}-${own}.partial`;
}

/** Removes what processes that were killed have left of files that were to become `target`. */
export function removeLeftovers(target: string): void {
  const folder = dirname(target);
  const name = basename(target);
  for (const each of readdirSync(folder)) {
    const owner = each.startsWith(name) ? nameEnd.exec(each.slice(name.length)) : null;
    if (owner === null || isWritten(Number(owner[1]), owner[2] as string)) continue;
    const leftover = join(folder, each);
    if (!isPartOfDatabase(leftover)) continue;
    for (const path of [leftover, `${leftover}-journal`]) rmSync(path, { force: true });
  }
}

/** Whether the process that writes it may still do so. */
function isWritten(pid: number, begin: string): boolean {
  if (!isProcess(pid)) return false;
  const current = processIdentity(pid);
  return current === undefined || current === `${pid} ${begin}`;
}

/** A part of a database of ours, or room for one. Whatever else has such a name is somebody else's. */
function isPartOfDatabase(path: string): boolean {
  const header = Buffer.alloc(100);
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return false;
  }
  try {
    readSync(file, header, 0, header.length, 0);
  } catch {
    return false;
  } finally {
    closeSync(file);
  }
  return header.readUInt32BE(68) === applicationId || header.every((byte) => byte === 0);
}
