/** Flags about modules; a thread refuses to start with most of the others. */
const allowedInThreads =
  /^--(import|conditions|experimental-[a-z-]*modules?[a-z-]*|disable-warning|enable-source-maps)\b/;

/**
 * Flags with which a thread can import TypeScript modules as they are. Node.js does so by itself from 22.18 on and
 * needs a flag before. And it starts no thread from a file with the `--input-type` of a program that is given as a text.
 * `undefined` keeps the flags of the process.
 */
export function typescriptExecArgv(modules: readonly string[]): readonly string[] | undefined {
  const isText = process.execArgv.some((word) => word.startsWith('--input-type'));
  const isNeeded = !process.features.typescript && modules.some((module) => /\.m?ts$/.test(module));
  if (!isText && !isNeeded) return undefined;
  const inherited = flagsOf(process.execArgv, allowedInThreads);
  if (!isNeeded) return inherited;
  return [...inherited, '--experimental-strip-types', '--disable-warning=ExperimentalWarning'];
}

/** The flags that are allowed, each with its value, which may be the word after it. */
export function flagsOf(execArgv: readonly string[], allowed: RegExp): string[] {
  let isAllowed = false;
  return execArgv.filter((word) => {
    if (word.startsWith('-')) isAllowed = allowed.test(word);
    return isAllowed;
  });
}
