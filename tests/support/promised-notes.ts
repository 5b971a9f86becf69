import { expect } from 'vitest';
import type { EventStore } from '../../runtime/store/event-store.ts';
import { callers, idsOf, rounds, streamOf, textOf } from './note-texts.ts';

type Store = Pick<EventStore, 'append' | 'flush' | 'getLatestSnapshot' | 'readAll' | 'verify'>;

/** What was said with a word, each line as the words that follow it. */
export function saidWith(word: string, lines: readonly string[]): string[][] {
  return lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.split(' ').slice(1));
}

/** The notes of a log with their versions and positions, which have no gaps. */
export async function notesIn(store: Pick<Store, 'readAll'>): Promise<ReadonlyMap<string, string>> {
  const notes = new Map<string, string>();
  const versions = new Map<string, number>();
  let position = 0;
  for await (const event of store.readAll()) {
    const version = (versions.get(event.stream) ?? 0) + 1;
    versions.set(event.stream, version);
    expect([event.version, event.position]).toEqual([version, ++position]);
    if (!event.stream.startsWith('notebook/')) continue;
    const { id, text } = event.data as { id: string; text?: string };
    expect(notes.has(id), `${id} is there twice`).toBe(false);
    if (text !== undefined) expect(text, id).toBe(textOf(id));
    notes.set(id, `${version} ${position}`);
  }
  return notes;
}

/** Every note that was promised is where it was said to be. */
export function expectKept(notes: ReadonlyMap<string, string>, said: readonly string[]): void {
  const lost = saidWith('kept', said).filter(([id = '', ...place]) => notes.get(id) !== place.join(' '));
  expect(lost, 'promised and lost').toEqual([]);
}

/**
 * A log that is as it was promised, and in which callers go on as they do after a crash: they repeat everything under its key,
 * whether it was promised or not, and then it is there once.
 */
export async function expectPromisedNotes(store: Store, said: readonly string[]): Promise<void> {
  const found = await notesIn(store);
  expectKept(found, said);
  for (const [stream = '', version] of saidWith('snapshot', said)) {
    const snapshot = await store.getLatestSnapshot(stream);
    expect(snapshot?.version).toBeGreaterThanOrEqual(Number(version));
    expect(snapshot?.state).toMatchObject({ version: snapshot?.version });
  }

  const repeated = await Promise.all(
    Array.from({ length: callers }, (_, caller) =>
      Array.from({ length: rounds }, (__, round) => idsOf(caller, round))
        .flat()
        .map(async (id) => {
          const event = { type: 'noted', data: { id, text: textOf(id) } };
          const { outcome, ...at } = await store.append(streamOf(caller), [event], { idempotencyKey: id });
          return { id, outcome, place: `${at.version} ${at.position}` };
        }),
    ).flat(),
  );
  const notes = await notesIn(store);

  for (const { id, outcome, place } of repeated) {
    expect(outcome, id).toBe(found.has(id) ? 'already-appended' : 'appended');
    expect(place, id).toBe(notes.get(id));
  }
  expect(notes.size).toBe(repeated.length);
  await store.flush();
  const { problems } = await store.verify();
  // Those that an older version has written have no seals, and name no event before them.
  expect(problems.filter(({ message }) => !message.includes(' of notes)'))).toEqual([]);
}
