/**
 * Desk: an offline-first document desk over a folder of real files.
 *
 *     npm start -- FOLDER [--search WORDS] [--notify URL]
 *
 * Every text file is an aggregate (`document.ts`); what happened to it since the last run is found out by comparing the
 * files with the event log (`reconcile.ts`) and sent to it as a command, durable and exactly once (`keep-change.ts`).
 * Run it, edit, rename and remove some files, and run it again; kill it half way, and run it again. With `--notify`, a
 * server is told of every change (`notify.ts`), now or when it can be reached.
 *
 * The database is in the state folder of the user, one file for each watched folder, and never inside the watched
 * folder unless `--database` says so. Exit codes: 0 done, 1 failed, 2 not understood, 130 stopped by Ctrl-C.
 */
import { statSync } from 'node:fs';
import { styleText } from 'node:util';
import { createRuntime, isHoldfastError, type Runtime } from 'holdfast';
import { bringUpToDate } from './bring-up-to-date.ts';
import { type CommandLine, help, readCommandLine } from './command-line.ts';
import { databasePath } from './database-path.ts';
import { DeskError } from './desk-error.ts';
import { notify } from './notify.ts';
import { printable } from './printable.ts';
import { ProgressLine } from './progress-line.ts';
import { realPath } from './real-path.ts';
import { deliveryReport, report } from './report.ts';
import { search } from './search.ts';
import { stopSignal } from './stop-signals.ts';
import { serverProbe } from './webhook.ts';

async function main(args: readonly string[]): Promise<number> {
  try {
    const commandLine = readCommandLine(args);
    if (commandLine.wantsHelp) say(help);
    else await run(commandLine);
    return 0;
  } catch (error) {
    if (!(error instanceof DeskError) && !isHoldfastError(error) && !isSystemError(error)) throw error;
    process.stderr.write(`desk: ${error.message}\n`);
    return error instanceof DeskError ? error.exitCode : 1;
  }
}

async function run(commandLine: CommandLine): Promise<void> {
  const startedAt = performance.now();
  const folder = existingFolder(commandLine.folder);
  const database = databasePath(folder, commandLine.database);
  const itsFiles = new Set(['', '-wal', '-shm', '-journal'].map((ending) => `${database}${ending}`));
  const signal = stopSignal();
  const progress = new ProgressLine(process.stderr);
  say(`desk: ${printable(folder)}`);

  const { search: words, notify: url } = commandLine;
  await using runtime = await createRuntime({
    database,
    connectivity: url === undefined ? {} : { probe: serverProbe(url), offlineAfter: 1 },
    modules: ['./document.ts', './search.ts'].map((module) => new URL(module, import.meta.url)),
  });
  const outcome = await bringUpToDate({
    runtime,
    folder,
    signal,
    isIgnored: (path) => itsFiles.has(path),
    onProgress: (done, total) => progress.show(done, total),
  }).finally(() => progress.clear());
  say(...report(outcome, performance.now() - startedAt), `database: ${printable(database)}`);
  if (words !== undefined) await lookFor(runtime, words, signal);
  // Last: what is here need not wait for what may be away.
  if (url !== undefined) say(...deliveryReport(url, await notify(runtime, url, signal)));
}

async function lookFor(runtime: Runtime, words: string, signal: AbortSignal): Promise<void> {
  const found = await search(runtime, words, signal);
  if (found.length === 0) return say(`nothing found for ${printable(words)}`);
  for (const { path, place } of found)
    say(`${styleText('bold', printable(path))}: ${printable(place.replaceAll(/\s+/g, ' '))}`);
}

/** The folder as it is called without symbolic links. */
function existingFolder(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new DeskError(`There is no folder ${printable(path)}.`);
  if (!stats.isDirectory()) throw new DeskError(`${printable(path)} is no folder.`);
  return realPath(path);
}

/** An error of the operating system, such as a folder that may not be listed. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

function say(...lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

// Whoever reads the output may have seen enough: `npm start | head`. A full disk has not.
process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') process.exit();
  process.stderr.write(`desk: the output could not be written: ${message}\n`);
  process.exit(1);
});

process.exitCode = await main(process.argv.slice(2));
