import { spawnSync } from 'node:child_process';

/** The command line that gives a child a limit of the system: `nofile=200`. */
export function limited(limit: string): string[] {
  return ['prlimit', `--${limit}`];
}

/** Why a child cannot be given such a limit here, or `undefined` if it can. */
export function whyNoLimit(limit: string): string | undefined {
  const [command, ...rest] = limited(limit) as [string, ...string[]];
  const { error, status } = spawnSync(command, [...rest, 'true'], { stdio: 'ignore' });
  if (error !== undefined) return 'prlimit is not installed';
  return status === 0 ? undefined : `prlimit may not set ${limit} here`;
}
