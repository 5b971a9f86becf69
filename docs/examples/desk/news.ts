import { posix } from 'node:path';
import type { Runtime } from 'holdfast';
import { type DocumentEvent, document } from './document.ts';

/** What a webhook tells: one thing that happened to one document. */
export interface News {
  /** Of the event in the log: the same whenever it is told, and no other desk has it. */
  readonly id: string;
  readonly change: DocumentEvent['type'];
  /** The id of the document, which it keeps for ever. */
  readonly document: string;
  /** Where the document was after the change. */
  readonly path: string;
  /** Its first heading, or else the name of its file. */
  readonly title: string;
  /** The how-manieth event of the document. */
  readonly version: number;
  /** The place in the log of all documents. */
  readonly position: number;
}

interface Facts {
  readonly path: string;
  readonly heading: string | undefined;
}

const streamPrefix = `${document.kind}/`;
const headingLengthMax = 200;

/**
 * What happened to documents after a position of the log, in order. A pure function of the log: what is told again after
 * a crash is told in the same words.
 */
export async function newsAfter(
  store: Runtime['store'],
  after: number,
  signal: AbortSignal,
): Promise<News[]> {
  const news: News[] = [];
  const known = new Map<string, Facts>();
  for await (const event of store.readAll({ after })) {
    signal.throwIfAborted();
    const { id, stream, version, position, type } = event;
    if (!stream.startsWith(streamPrefix)) continue;
    const facts = learn(known.get(stream) ?? (await factsAt(store, stream, version - 1)), event);
    known.set(stream, facts);
    const { path, heading: title = posix.basename(path) } = facts;
    const change = type as News['change'];
    news.push({ id, change, document: stream.slice(streamPrefix.length), path, title, version, position });
  }
  return news;
}

async function factsAt(store: Runtime['store'], stream: string, version: number): Promise<Facts> {
  let facts: Facts = { path: '', heading: undefined };
  for await (const event of store.read(stream, { limit: version })) facts = learn(facts, event);
  return facts;
}

function learn(before: Facts, { data }: { readonly data: unknown }): Facts {
  const { path = before.path, text } = data as { path?: string; text?: string };
  return { path, heading: text === undefined ? before.heading : headingOf(text) };
}

function headingOf(text: string): string | undefined {
  return /^#{1,6}[ \t]+(\S.*)$/m.exec(text)?.[1]?.slice(0, headingLengthMax).trimEnd().toWellFormed();
}
