import { spawnSync } from 'node:child_process';

/** What to inject into which system calls. */
export interface Injection {
  /** System calls, separated by commas. */
  readonly calls: string;
  /** What happens instead, and when, in strace's words: `error=EIO:when=3`. */
  readonly inject: string;
  /** Which files of the database: what is added to its name. Default: itself and its log. */
  readonly suffixes?: readonly string[];
}

/** Why faults cannot be injected here, or `undefined` if they can. */
export function whyNoStrace(): string | undefined {
  const { error, status } = spawnSync('strace', ['-e', 'trace=none', 'true'], { stdio: 'ignore' });
  if (error !== undefined) return 'strace is not installed';
  return status === 0 ? undefined : 'strace may not trace a child here';
}

/** The command line that injects faults into calls on a database and its log, in whichever thread. */
export function straceArguments(
  database: string,
  { calls, inject, suffixes = ['', '-wal'] }: Injection,
): string[] {
  const paths = suffixes.flatMap((suffix) => ['-P', `${database}${suffix}`]);
  // The filter in the kernel spares all other calls the tracer, but a signal is not injected through it.
  const filter = inject.includes('signal=') ? [] : ['--seccomp-bpf'];
  const output = ['-qqq', '-o', `${database}.strace`];
  const what = ['-e', `trace=${calls}`, '-e', `inject=${calls}:${inject}`];
  return ['strace', '-f', ...filter, ...output, ...paths, ...what];
}
