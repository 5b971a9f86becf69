import type { Runtime } from 'holdfast';
import { Catalogue } from './catalogue.ts';
import { eachAtOnce } from './each-at-once.ts';
import { keepChange } from './keep-change.ts';
import { type Reading, readDocument } from './read-document.ts';
import { type Change, create, isNewborn, reconcile } from './reconcile.ts';
import type { Skipped } from './skipped.ts';
import { type FoundFile, walkFolder } from './walk-folder.ts';

/** What a run of the desk looks at, and how it tells of its progress. */
export interface Task {
  readonly runtime: Runtime;
  readonly folder: string;
  readonly isIgnored: (path: string) => boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

/** What a run of the desk did. */
export class Outcome {
  readonly changes: Change[] = [];
  readonly skipped: Skipped[] = [];
  /** How many documents the folder has now. */
  documents = 0;
  /** Changes that another desk on the same folder was faster with. */
  overtaken = 0;
  /** Changes of files that have changed again before they could be kept. */
  outdated = 0;
  #firstSentAt = 0;
  #lastKeptAt = 0;

  /** From the first command to the last answer. */
  get keepingMs(): number {
    return this.#lastKeptAt - this.#firstSentAt;
  }

  async keep({ runtime, folder }: Task, change: Change): Promise<void> {
    this.#firstSentAt ||= performance.now();
    const kept = await keepChange(runtime, folder, change);
    this.#lastKeptAt = performance.now();
    if (kept === 'kept') this.changes.push(change);
    else if (kept === 'outdated') this.outdated++;
    else this.overtaken++;
  }
}

/** Commands that wait for the disk together, which is what makes them fast, and bounds the memory they take. */
const atOnceMax = 512;

/**
 * Brings the documents up to date with the files. What is certain is kept while the rest is still being read, so a run
 * that is killed leaves the next one less to do; and since every run starts from what the log says, nothing is done
 * twice.
 */
export async function bringUpToDate(task: Task): Promise<Outcome> {
  const { runtime, folder, isIgnored, signal, onProgress } = task;
  const outcome = new Outcome();
  // First the log, then the folder: what another desk keeps in between must not look as if its file were missing.
  const catalogue = await Catalogue.read(runtime.store);
  const { files, skipped } = await walkFolder(folder, isIgnored, signal);
  for (const each of skipped) outcome.skipped.push(each);

  const readings: Reading[] = [];
  const unread: FoundFile[] = [];
  for (const file of files) {
    const hash = catalogue.hashByStamp(file);
    if (hash === undefined) unread.push(file);
    else readings.push({ ...file, hash });
  }
  outcome.documents = readings.length;

  let done = 0;
  await eachAtOnce(unread, atOnceMax, signal, async (file) => {
    const reading = readDocument(folder, file);
    if ('reason' in reading) outcome.skipped.push(reading);
    else {
      outcome.documents++;
      if (isNewborn(catalogue, reading)) await outcome.keep(task, create(catalogue, reading));
      else readings.push(reading);
    }
    onProgress(++done, unread.length);
  });

  const changes = reconcile(catalogue, readings, unknownPaths(outcome.skipped));
  await eachAtOnce(changes, atOnceMax, signal, (change) => outcome.keep(task, change));
  return outcome;
}

/** Whether a path, or a folder above it, could not be looked at. */
function unknownPaths(skipped: readonly Skipped[]): (path: string) => boolean {
  const unknown = new Set(skipped.filter(({ isUnknown }) => isUnknown).map(({ path }) => path));
  return (path) => {
    if (unknown.size === 0) return false;
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 2) + 1) {
      if (unknown.has(path.slice(0, end))) return true;
    }
    return false;
  };
}
