import { closeSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { threadId } from 'node:worker_threads';
import {
  isOutOfSight,
  isProcess,
  isSameProcess,
  ownIdentity,
  processIdentity,
} from '../connection/process-identity.ts';
import { applicationId } from '../connection/schema-version.ts';

/** Whose file it is, by number, beginning and place of the process; then its thread, and the moment. */
const nameEnd = /^\.(\d+)-([\d_]*)-\d+-\d+\.partial$/;

/** What the first line of an export begins with. */
const exportBeginning = '{"holdfast":"events"';

/** How long nothing is written to a file that is still written, at most, where its process cannot be seen: in milliseconds. */
const pauseMaxMs = 3_600_000;

/** Bytes of a name that are kept of the one that the file is to have: with what comes after them, names of 255 are allowed. */
const nameBytesMax = 180;

/** The name of a file while it is written, which no other one has. */
export function partialName(target: string): string {
  const { pid } = process;
  const [, ...rest] = (processIdentity(pid) ?? `${pid} `).split(' ');
  const owner = `${pid}-${rest.join('_')}`;
  const name = `${stemOf(target)}.${owner}-${threadId}-${process.hrtime.bigint()}.partial`;
  return join(dirname(target), name);
}

/** What the name begins with. Others may have the same, which is no harm: what is left of a dead process is nobody's. */
function stemOf(target: string): string {
  // A character has at least one byte.
  const characters = [...basename(target).slice(0, nameBytesMax)];
  while (Buffer.byteLength(characters.join('')) > nameBytesMax) characters.pop();
  return characters.join('');
}

/** Removes what processes that were killed have left of files that were to become `target`. */
export function removeLeftovers(target: string): void {
  const name = stemOf(target);
  for (const each of readdirSync(dirname(target))) {
    const end = each.startsWith(name) ? each.slice(name.length) : '';
    const [, pid, begin] = nameEnd.exec(end) ?? [];
    if (pid === undefined || begin === undefined) continue;
    const path = join(dirname(target), each);
    try {
      if (isWritten(path, Number(pid), `${pid} ${begin.replaceAll('_', ' ')}`)) continue;
      if (!isOurs(path)) continue;
      rmSync(path);
      rmSync(`${path}-journal`, { force: true });
    } catch {
      // Another backup has just removed it, or it is kept from us.
    }
  }
}

/** Whether the process that writes it may still do so. */
function isWritten(path: string, pid: number, identity: string): boolean {
  if (isOutOfSight(ownIdentity().process, identity)) {
    return Date.now() - statSync(path).mtimeMs < pauseMaxMs;
  }
  return isProcess(pid) && isSameProcess(processIdentity(pid) ?? identity, identity);
}

/** A part of a database of ours or of an export, or room for one. Whatever else has such a name is somebody else's. */
function isOurs(path: string): boolean {
  const header = Buffer.alloc(100);
  const file = openSync(path, 'r');
  try {
    readSync(file, header, 0, header.length, 0);
  } finally {
    closeSync(file);
  }
  return (
    header.readUInt32BE(68) === applicationId ||
    header.toString('latin1', 0, exportBeginning.length) === exportBeginning ||
    header.every((byte) => byte === 0)
  );
}
