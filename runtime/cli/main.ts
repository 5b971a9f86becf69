import '../node-version.ts';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isHoldfastError } from '../errors/holdfast-error.ts';
import { nearestName } from '../errors/nearest-name.ts';
import { exitCodes, UsageError } from './exit-codes.ts';
import { helpOf, helpOfAll } from './help.ts';
import { parseArguments } from './parse-arguments.ts';
import { Terminal } from './terminal.ts';
import type { Verb } from './verb.ts';
import { backup } from './verbs/backup.ts';
import { deadLetters } from './verbs/dead-letters.ts';
import { doctor } from './verbs/doctor.ts';
import { events } from './verbs/events.ts';
import { exportVerb } from './verbs/export.ts';
import { importVerb } from './verbs/import.ts';
import { rebuild } from './verbs/rebuild.ts';
import { rehearse } from './verbs/rehearse.ts';
import { show } from './verbs/show.ts';
import { stats } from './verbs/stats.ts';
import { streams } from './verbs/streams.ts';
import { verify } from './verbs/verify.ts';

const verbs: Readonly<Record<string, Verb>> = {
  stats,
  streams,
  events,
  show,
  verify,
  doctor,
  'dead-letters': deadLetters,
  rebuild,
  rehearse,
  export: exportVerb,
  import: importVerb,
  backup,
};

/** The last is that of a terminal that was closed. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const interrupted = new Error('interrupted');

async function runVerb(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv[0] === 'help' && argv.length > 1 ? [...argv.slice(1, 2), '--help'] : argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(helpOfAll(verbs));
    return name === undefined ? exitCodes.notUnderstood : exitCodes.done;
  }
  if (name === '--version' || name === '-v') {
    process.stdout.write(`${version()}\n`);
    return exitCodes.done;
  }
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (verb === undefined) throw new UsageError(`There is no verb "${name}". ${hint(name)}`);
  const { values, positionals } = parseArguments(name, verb, rest);
  if (values['help'] === true) {
    process.stdout.write(helpOf(name, verb));
    return exitCodes.done;
  }
  const [database, ...args] = positionals;
  if (database === undefined)
    throw new UsageError(`The path of the database is missing.\n${helpOf(name, verb)}`);
  const surplus = args[verb.argsMax ?? 0];
  if (surplus !== undefined)
    throw new UsageError(`"${surplus}" is one argument too many.\n${helpOf(name, verb)}`);
  const misplaced = args.find((arg) => looksLikeDatabase(arg) && existsSync(arg));
  if (misplaced !== undefined && !looksLikeDatabase(database) && !existsSync(database))
    throw new UsageError(`The database comes first: holdfast ${name} ${misplaced} ...`);
  const terminal = new Terminal(values['json'] === true);
  const stop = new AbortController();
  const onSignal = (): void => stop.abort(interrupted);
  const listen = (): void => {
    for (const name of signals) process.once(name, onSignal);
  };
  const runForeign = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    for (const name of signals) process.off(name, onSignal);
    try {
      return await work();
    } finally {
      if (!stop.signal.aborted) listen();
    }
  };
  listen();
  try {
    return await verb.run({ database, args, options: values, terminal, signal: stop.signal, runForeign });
  } finally {
    terminal.clearProgress();
  }
}

/** By its name: another verb takes the path of a copy after the database. */
function looksLikeDatabase(path: string): boolean {
  return /\.(db|sqlite3?)$/.test(path);
}

/** The version of the package that this file is in. */
function version(): string {
  return (createRequire(import.meta.url)('holdfast/package.json') as { version: string }).version;
}

function hint(name: string): string {
  const near = nearestName(name, Object.keys(verbs));
  return near === undefined ? `There are ${Object.keys(verbs).join(', ')}.` : `Did you mean "${near}"?`;
}

function exitCodeOf(error: unknown): number {
  if (error === interrupted) return exitCodes.interrupted;
  if (error instanceof UsageError) return exitCodes.notUnderstood;
  return exitCodes.failed;
}

/** Runs the program: prints, and sets the exit code of the process. */
export async function main(argv: readonly string[]): Promise<void> {
  process.once('exit', endedEarly);
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    process.off('exit', endedEarly);
    // Whoever reads the output may have seen enough: `holdfast events app.db | head`. A full disk has not.
    if (code === 'EPIPE') process.exit();
    process.stderr.write(`holdfast: the output could not be written: ${message}\n`);
    process.exit(exitCodes.failed);
  });
  // A terminal that is gone takes no words, and what is under way is to be ended in good order all the same.
  process.stderr.on('error', () => undefined);
  try {
    process.exitCode = await runVerb(argv);
  } catch (error) {
    process.exitCode = exitCodeOf(error);
    const isExpected =
      error === interrupted ||
      error instanceof UsageError ||
      isHoldfastError(error) ||
      'syscall' in Object(error);
    process.stderr.write(
      `holdfast: ${isExpected ? (error as Error).message : String((error as Error)?.stack ?? error)}\n`,
    );
  } finally {
    process.off('exit', endedEarly);
  }
}

/** What a module does when it is imported may end the process, or leave it nothing to wait for: that is no success. */
function endedEarly(): void {
  process.exitCode = exitCodes.failed;
  process.stderr.write(
    'holdfast: the process ended before the verb was done: a module ends it when it is imported, or waits for what never comes.\n',
  );
}
