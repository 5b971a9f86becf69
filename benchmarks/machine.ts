import { execFileSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';

/** Where and on what the figures were measured. */
export interface MachineFacts {
  readonly commit: string;
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly os: string;
  readonly node: string;
  readonly fileSystem: string;
}

const fileSystems: Readonly<Record<number, string>> = {
  61267: 'ext4',
  2435016766: 'btrfs',
  1481003842: 'xfs',
  16914836: 'tmpfs',
  2035054128: 'overlayfs',
  801189825: 'zfs',
};

/** The facts of this machine, with the file system of a folder. */
export function machineFacts(folder: string): MachineFacts {
  return {
    commit: commit(),
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    os: `${type()} ${release()}`,
    node: process.version,
    fileSystem: fileSystemOf(folder),
  };
}

/** The kind of file system that a folder is on. */
export function fileSystemOf(folder: string): string {
  const magic = statfsSync(folder).type;
  return fileSystems[magic] ?? `type 0x${magic.toString(16)}`;
}

/** The commit that is checked out, marked if the product differs from it. */
function commit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8', stdio: 'pipe' }).trim();
  try {
    const changed = git('status', '--porcelain', '--', ':/runtime', ':/actors', ':/machines');
    return `${git('rev-parse', '--short', 'HEAD')}${changed === '' ? '' : ' with changes'}`;
  } catch {
    return 'unknown';
  }
}
