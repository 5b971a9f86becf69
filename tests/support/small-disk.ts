import { spawnSync } from 'node:child_process';
import { appendFileSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './temporary-folder.ts';

/** Why no file system can be mounted here, or `undefined` if one can. */
export function whyNoMount(): string | undefined {
  if (process.platform !== 'linux') return 'only Linux has tmpfs';
  return process.getuid?.() === 0 ? undefined : 'only root may mount a file system';
}

/** A file system of its own in memory, so that it can be filled without harm. */
export class SmallDisk {
  readonly folder: string;
  readonly #ballast: string;

  constructor(kilobytes: number) {
    this.folder = temporaryFolder();
    this.#ballast = join(this.folder, 'ballast');
    run('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'holdfast-test', this.folder]);
    // Runs before the folder is removed. Lazy, because a failed test may leave a file open.
    onTestFinished(() => run('umount', ['--lazy', this.folder]));
  }

  /** Leaves at most so many kilobytes free; may be called again. */
  fill(leaveKilobytes = 0): void {
    const { bavail, bsize } = statfsSync(this.folder);
    const bytes = bavail * bsize - leaveKilobytes * 1024;
    appendFileSync(this.#ballast, Buffer.alloc(Math.max(0, bytes)));
  }

  free(): void {
    rmSync(this.#ballast, { force: true });
  }

  makeReadOnly(): void {
    run('mount', ['-o', 'remount,ro', this.folder]);
  }
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stderr}`);
}
