import { defineProjection, type Runtime } from 'holdfast';
import { document } from './document.ts';

/** The texts of the documents that are there, in a full-text index that follows the log. */
export const searchIndex = defineProjection('search_index', {
  version: 1,
  from: [document],
  // Rows of a full-text index are found by number; the first table gives each document one.
  tables: `create table numbers (number integer primary key, id text not null unique) strict;
    create virtual table texts using fts5 (path, text, tokenize = 'unicode61 remove_diacritics 2');`,
  on: {
    'document.created': ({ id, data }, sql) => [
      sql`insert into numbers (id) values (${id}) on conflict (id) do nothing`,
      sql`insert or replace into texts (rowid, path, text)
        select number, ${data.path}, ${data.text ?? ''} from numbers where id = ${id}`,
    ],
    'document.revised': ({ id, data }, sql) =>
      sql`update texts set text = ${data.text ?? ''} where rowid = (select number from numbers where id = ${id})`,
    'document.renamed': ({ id, data }, sql) =>
      sql`update texts set path = ${data.path} where rowid = (select number from numbers where id = ${id})`,
    'document.removed': ({ id }, sql) =>
      sql`delete from texts where rowid = (select number from numbers where id = ${id})`,
  },
});

/** A document that has the words, and the place in it. */
export interface Found {
  readonly path: string;
  readonly place: string;
}

const foundMax = 20;

/** The documents that have all of the words, or words that begin with them; the best first. */
export async function search(runtime: Runtime, words: string, signal: AbortSignal): Promise<Found[]> {
  const { position } = await runtime.store.stats();
  const wanted = words.split(/\s+/).filter((word) => word !== '');
  // In quotes, nothing in a word means anything to the index.
  const match = wanted.map((word) => `"${word.replaceAll('"', '""')}"*`).join(' ');
  return runtime.query<Found>(
    searchIndex,
    `select path, snippet(texts, -1, '[', ']', ' … ', 12) as place from texts
     where texts match ? order by rank, path limit ${foundMax}`,
    [match],
    { after: position, signal },
  );
}
