import type { SqlToken } from './sql-tokens.ts';

/** Functions and words that give something else when a projection is built again. */
const always: ReadonlySet<string> = new Set([
  'random',
  'randomblob',
  'current_timestamp',
  'current_date',
  'current_time',
  'changes',
  'total_changes',
  'last_insert_rowid',
  'sqlite_version',
  'sqlite_source_id',
]);

/** Functions that give the time of now when they are given nothing, or the word. */
const dates: ReadonlySet<string> = new Set([
  'date',
  'time',
  'datetime',
  'julianday',
  'unixepoch',
  'strftime',
  'timediff',
]);

/** What of a statement time or chance decide; `undefined` if nothing. */
export function unrepeatableIn(tokens: readonly SqlToken[]): string | undefined {
  const words = tokens.filter(({ kind }) => kind !== 'space');
  for (const [index, { kind, value, text }] of words.entries()) {
    const lower = value.toLowerCase();
    const isCalled = words[index + 1]?.text === '(';
    if (kind === 'string' && /^'(now|localtime|utc|auto)'$/i.test(text) && callsDates(tokens)) return text;
    if (kind !== 'name') continue;
    if (always.has(lower) && (isCalled || lower.startsWith('current_'))) return value;
    if (dates.has(lower) && isCalled && words[index + 2]?.text === ')') return `${value}()`;
  }
  return undefined;
}

/** The name of a table that SQLite itself makes up, of what is in the file or in the connection; `undefined` if none. */
export function catalogueIn(tokens: readonly SqlToken[]): string | undefined {
  const isCatalogue = /^(sqlite_|pragma_|dbstat$|bytecode$|tables_used$)/i;
  return tokens.find(({ kind, value }) => kind === 'name' && isCatalogue.test(value))?.value;
}

/** Whether a statement has to do with dates, so that a value of `'now'` would mean the time. */
export function callsDates(tokens: readonly SqlToken[]): boolean {
  return tokens.some(({ kind, value }) => kind === 'name' && dates.has(value.toLowerCase()));
}

/** Whether a value means the time of now to a function of dates. */
export function isNow(value: unknown): boolean {
  return typeof value === 'string' && /^\s*(now|localtime)\s*$/i.test(value);
}
