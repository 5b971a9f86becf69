import { readFileSync } from 'node:fs';

/** Which process a run belongs to. The number alone may be that of an older process that has ended. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The number with the moment the process began. */
  readonly process: string;
}

/** This process; where the system does not tell when it began, Node.js does. */
export function ownIdentity(): ProcessIdentity {
  const { pid } = process;
  return { pid, process: processIdentity(pid) ?? `${pid} ${performance.timeOrigin}` };
}

/**
 * Identifies a process also among those that had its number before: the number with the moment the process began, as
 * the kernel counts it (proc(5), field 22 of `stat`). `undefined` where the system does not tell.
 */
export function processIdentity(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program comes second, in parentheses, and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return `${pid} ${fields[19]}`;
  } catch {
    return undefined;
  }
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
