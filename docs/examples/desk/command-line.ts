import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { obfuscateUrl } from 'holdfast/security';
import { DeskError } from './desk-error.ts';
import { printable } from './printable.ts';

export const help = `Usage: npm start -- [FOLDER] [--search WORDS] [--notify URL] [--database PATH]

Keeps every text file below FOLDER (default: the docs of this package) as a document, tells what changed since the last
time, and remembers it all in one database file.

  --search WORDS    then look for the documents that have all of these words
  --notify URL      then tell this server of every change, once: what it does not hear waits for the next run
  --database PATH   where to keep the documents (default: one file for each folder in the state folder of the user)
  -h, --help        print this

A text file is UTF-8 and at most 4 MB. It is recognised by its content, so it may be renamed. Anything else is skipped,
with the reason. Files whose size and times are as they were are not read again.`;

/** What was asked for. */
export interface CommandLine {
  readonly folder: string;
  readonly database: string | undefined;
  readonly search: string | undefined;
  readonly notify: URL | undefined;
  readonly wantsHelp: boolean;
}

/** @throws DeskError with exit code 2 for what it does not understand. */
export function readCommandLine(args: readonly string[]): CommandLine {
  const { values, positionals } = parse([...args]);
  if (positionals.length > 1) throw notUnderstood(`One folder at a time, got ${positionals.length}.`);
  const docs = fileURLToPath(new URL('../..', import.meta.url));
  return {
    folder: resolve(startFolder(), positionals[0] ?? docs),
    database: values.database === undefined ? undefined : resolve(startFolder(), values.database),
    search: wordsOf(values.search),
    notify: serverOf(values.notify),
    wantsHelp: values.help ?? false,
  };
}

function wordsOf(search: string | undefined): string | undefined {
  if (search?.trim() === '') throw notUnderstood('There are no words to look for.');
  return search;
}

function serverOf(notify: string | undefined): URL | undefined {
  if (notify === undefined) return undefined;
  const url = URL.parse(notify);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  const shown = printable(obfuscateUrl(notify));
  throw notUnderstood(`--notify takes a URL that begins with http: or https:, not "${shown}".`);
}

/** npm runs scripts in the folder of the package; paths are meant from where the user is. */
function startFolder(): string {
  const { npm_lifecycle_event: script, INIT_CWD: calledFrom } = process.env;
  return script === 'start' && calledFrom !== undefined ? calledFrom : process.cwd();
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        database: { type: 'string' },
        search: { type: 'string' },
        notify: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    const [firstSentence] = (error as Error).message.split('. ');
    throw notUnderstood(`${firstSentence}.`);
  }
}

function notUnderstood(message: string): DeskError {
  return new DeskError(`${message} Try --help.`, 2);
}
