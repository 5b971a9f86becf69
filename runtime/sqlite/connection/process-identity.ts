import { readFileSync, readlinkSync } from 'node:fs';

/** Which process, or thread, a run belongs to. The number alone may be that of an older one that has ended. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The number with the moment it began, and where it is a number. */
  readonly process: string;
}

/**
 * The thread that calls, where the system tells threads apart as it does processes (proc(5), `thread-self`): several runtimes
 * of one process have a store thread each, and one that has ended without saying so is not to live as long as the process.
 * Elsewhere this process; where the system does not tell when it began, Node.js does.
 */
export function ownIdentity(): ProcessIdentity {
  const { pid } = process;
  const thread = ownThread(pid);
  const identity = thread === undefined ? undefined : processIdentity(thread);
  if (thread !== undefined && identity !== undefined) return { pid: thread, process: identity };
  return { pid, process: processIdentity(pid) ?? `${pid} ${performance.timeOrigin}` };
}

/** The number of this thread, by which others can find it. */
function ownThread(pid: number): number | undefined {
  try {
    const [process, , thread] = readlinkSync('/proc/thread-self').split('/').map(Number);
    return process === pid && thread !== undefined && isProcess(thread) ? thread : undefined;
  } catch {
    return undefined;
  }
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
  const [ownAt, otherAt] = [namespaceOf(own), namespaceOf(other)];
  return ownAt !== undefined && otherAt !== undefined && ownAt !== otherAt;
}

/** Whether an identity that a process has left is that of one that runs. Until lately, none said where it had its number. */
export function isSameProcess(current: string, left: string): boolean {
  return current === left || (namespaceOf(left) === undefined && current.startsWith(`${left} `));
}

function namespaceOf(identity: string): string | undefined {
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
