import type { Catalogue, KnownDocument } from './catalogue.ts';
import type { DocumentEvent } from './document.ts';
import type { Reading } from './read-document.ts';

/** One command: what happened to which document, as it was known. */
export interface Change {
  readonly id: string;
  readonly version: number;
  readonly event: DocumentEvent;
  /** Where the document is now, or was when it was removed. */
  readonly path: string;
  /** Where it was before, if it was renamed. */
  readonly pathBefore?: string;
  readonly stamp: string | undefined;
}

/** Whether a file is new whatever else is in the folder: nothing was ever known at its path or of its content. */
export function isNewborn(catalogue: Catalogue, { path, hash }: Reading): boolean {
  return catalogue.at(path) === undefined && !catalogue.knowsContent(hash);
}

/** A file becomes a document: a new one, or the removed one that was at this path. */
export function create(catalogue: Catalogue, { path, hash, bytes, stamp }: Reading): Change {
  const before = catalogue.at(path);
  const returning = before?.isPresent === false ? before : undefined;
  const { id, version } = returning ?? { id: catalogue.newId(path), version: 0 };
  return { id, version, event: { type: 'created', path, hash, bytes }, path, stamp };
}

/**
 * Finds what happened between the documents as they are known and the files as they are. A pure function of both:
 *
 * 1. A document whose file is where it was, with the same content, stays.
 * 2. A document whose place is gone, or taken by the content of another document, follows its content to where that is
 *    now: it was renamed. That covers moved folders, swapped names and rotated logs. Of several files with the same
 *    content, any is as good; pairs are made in the order of their paths.
 * 3. A document whose place has other content was revised.
 * 4. What remains was removed, and files that remain were created. A file that was renamed and edited at once is that:
 *    nothing connects the two but a guess.
 */
export function reconcile(
  catalogue: Catalogue,
  readings: readonly Reading[],
  isUnknown: (path: string) => boolean,
): Change[] {
  const changes: Change[] = [];
  const files = new Map(readings.map((reading) => [reading.path, reading]));
  const displaced = catalogue
    .present()
    .filter((known) => !stays(known, files) && !isUnknown(known.path))
    .sort(byPath);

  const contents = new Set(displaced.map((known) => known.hash));
  const filesByHash = Map.groupBy([...files.values()].sort(byPath).reverse(), (reading) => reading.hash);
  const left: KnownDocument[] = [];
  for (const known of displaced) {
    const { id, version, path: pathBefore } = known;
    const inPlace = files.get(pathBefore);
    const lostItsPlace = inPlace === undefined || contents.has(inPlace.hash);
    const target = lostItsPlace ? filesByHash.get(known.hash)?.pop() : undefined;
    if (target === undefined) {
      left.push(known);
      continue;
    }
    const { path, stamp } = target;
    files.delete(path);
    changes.push({ id, version, event: { type: 'renamed', path }, path, pathBefore, stamp });
  }

  for (const { id, version, path } of left) {
    const revised = files.get(path);
    files.delete(path);
    if (revised === undefined)
      changes.push({ id, version, event: { type: 'removed' }, path, stamp: undefined });
    else {
      const { hash, bytes, stamp } = revised;
      changes.push({ id, version, event: { type: 'revised', hash, bytes }, path, stamp });
    }
  }

  for (const reading of files.values()) changes.push(create(catalogue, reading));
  return changes;
}

/** Takes the file of a document that did not change, so that no other document claims it. */
function stays(known: KnownDocument, files: Map<string, Reading>): boolean {
  return files.get(known.path)?.hash === known.hash && files.delete(known.path);
}

function byPath(a: { path: string }, b: { path: string }): number {
  return a.path < b.path ? -1 : Number(a.path > b.path);
}
