import { readFileSync, readlinkSync } from 'node:fs';

/** Which process a run belongs to. The number alone may be that of an older process that has ended. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The number with the moment the process began, and where it is a number. */
  readonly process: string;
}

/** This process; where the system does not tell when it began, Node.js does. */
export function ownIdentity(): ProcessIdentity {
  const { pid } = process;
  return { pid, process: processIdentity(pid) ?? `${pid} ${performance.timeOrigin}` };
}

/**
 * Identifies a process also among those that had its number before: the number with the moment the process began, as
 * the kernel counts it (proc(5), field 22 of `stat`), and the place where it has that number. `undefined` where the system
 * does not tell.
 */
export function processIdentity(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program comes second, in parentheses, and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return [pid, fields[19], ...ownPlace()].join(' ');
  } catch {
    return undefined;
  }
}

/**
 * Whether a process has its number in a place that cannot be seen from here, such as another container or the sandbox of
 * another application (pid_namespaces(7)): its number is then that of somebody else here, or of nobody.
 */
export function isOutOfSight(own: string, other: string): boolean {
  const [ownAt, otherAt] = [placeOf(own), placeOf(other)];
  return ownAt !== undefined && otherAt !== undefined && ownAt !== otherAt;
}

/** Whether an identity that a process has left is that of one that runs. Until lately, none said where it had its number. */
export function isSameProcess(current: string, left: string): boolean {
  return current === left || (placeOf(left) === undefined && current.startsWith(`${left} `));
}

function placeOf(identity: string): string | undefined {
  return identity.split(' ')[2];
}

let place: readonly string[] | undefined;

/** What the kernel calls the namespace of process numbers that this process is in; nothing where it does not tell. */
function ownPlace(): readonly string[] {
  try {
    place ??= [readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')];
  } catch {
    place = [];
  }
  return place;
}

/** Whether there is a process of this number, also of another user. */
export function isProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
}
