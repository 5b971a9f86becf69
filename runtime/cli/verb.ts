import type { ReadOnlySqliteBackend } from '../store/read-only-backend.ts';
import type { Terminal } from './terminal.ts';

/** What one verb is given. */
export interface VerbContext {
  readonly database: string;
  /** What comes after the database. */
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /**
   * Does what runs code of an application on this thread. Meanwhile an interrupt ends the process at once: while that code
   * does not come back, nobody could hear of it.
   */
  readonly runForeign: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

/** One option of a verb. */
export interface VerbOption {
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
  /** What it does, in a line of the help. */
  readonly help: string;
  /** What stands for its value there. */
  readonly value?: string;
}

/** The option of every verb that runs the code of an application. */
export const modulesOption: VerbOption = {
  type: 'string',
  multiple: true,
  value: 'PATH',
  help: 'a module that exports definitions; may be repeated, or take several with commas',
};

/** One thing that the command line does. Resolves with the exit code. */
export interface Verb {
  readonly summary: string;
  /** What comes after the database, for the help. */
  readonly usage: string;
  /** How many there may be of what comes after the database. Default: none. */
  readonly argsMax?: number;
  /** Options besides `--json` and `--help`. */
  readonly options: Readonly<Record<string, VerbOption>>;
  readonly run: (context: VerbContext) => Promise<number>;
}

/** A verb that only reads: its file is opened for reading, and closed when it is done. */
export function readingVerb(
  verb: Omit<Verb, 'run'> & {
    readonly run: (backend: ReadOnlySqliteBackend, context: VerbContext) => Promise<number>;
  },
): Verb {
  return {
    ...verb,
    run: async (context) => {
      const { openForLooking } = await import('./open-file.ts');
      await using opened = await openForLooking(context.database);
      return await verb.run(opened.backend, context);
    },
  };
}
