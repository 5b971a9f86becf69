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

/** Functions that give the time of now when they are given no time, or the word for it; and which arguments are times. */
const dates: ReadonlyMap<string, readonly number[]> = new Map([
  ['date', [0]],
  ['time', [0]],
  ['datetime', [0]],
  ['julianday', [0]],
  ['unixepoch', [0]],
  ['strftime', [1]],
  ['timediff', [0, 1]],
]);

/** What may be called within a time: it makes no word of what it is given. */
const plain: ReadonlySet<string> = new Set(['cast', 'coalesce', 'ifnull', 'abs', 'round', 'max', 'min']);

/** What of a statement time or chance decide; `undefined` if nothing. */
export function unrepeatableIn(tokens: readonly SqlToken[]): string | undefined {
  const words = tokens.filter(({ kind }) => kind !== 'space');
  const banned = words.find(
    ({ kind, text }) => kind === 'string' && /^'(now|localtime|utc|auto)'$/i.test(text),
  );
  if (banned !== undefined && callsDates(tokens)) return banned.text;
  for (const [index, { kind, value }] of words.entries()) {
    if (kind !== 'name') continue;
    const lower = value.toLowerCase();
    const isCalled = words[index + 1]?.text === '(';
    if (always.has(lower) && (isCalled || lower.startsWith('current_'))) return value;
    const times = isCalled ? dates.get(lower) : undefined;
    if (times === undefined) continue;
    const given = argumentsAt(words, index + 2);
    if (given.length === 0) return `${value}()`;
    if (!givesTime(given, times)) return `${value}() of what is not certainly a time`;
  }
  return undefined;
}

/** Whether a function of dates is given all its times, and nothing that may turn out to be the word for now. */
function givesTime(given: readonly (readonly SqlToken[])[], times: readonly number[]): boolean {
  return (
    times.every((at) => given[at] !== undefined) &&
    given.every((tokens, at) =>
      times.includes(at) ? isTime(tokens) : at < (times[0] ?? 0) || isModifier(tokens),
    )
  );
}

/** Values, columns, numbers, texts that begin with one, and what other functions of dates give: no text is put together. */
function isTime(tokens: readonly SqlToken[]): boolean {
  for (let at = 0; at < tokens.length; at++) {
    const { kind, text, value } = tokens[at] as SqlToken;
    const lower = value.toLowerCase();
    const isCalled = tokens[at + 1]?.text === '(';
    if (kind === 'string' && !/^'\s*[+-]?\d/.test(text)) return false;
    if (text === '|' || (kind === 'name' && isNow(value))) return false;
    if (kind !== 'name' || !isCalled || plain.has(lower)) continue;
    // What it is given is looked at where it is met. A format may say anything.
    if (!dates.has(lower) || lower === 'strftime') return false;
    at += argumentsAt(tokens, at + 2).reduce((sum, each) => sum + each.length + 1, 1);
  }
  return true;
}

/** The same, or a text to which something is added only if it begins with a number. */
function isModifier(tokens: readonly SqlToken[]): boolean {
  const [first] = tokens;
  const isNumber = first?.kind === 'string' && /^'\s*[+-]|^'\s*\d/.test(first.text);
  if (isNumber || (first?.kind === 'string' && tokens.length === 1)) return true;
  return isTime(tokens);
}

/** The arguments of a call, from what follows its parenthesis. */
function argumentsAt(words: readonly SqlToken[], start: number): SqlToken[][] {
  const given: SqlToken[][] = [];
  let depth = 0;
  for (const word of words.slice(start)) {
    if (word.text === ')' && depth === 0) break;
    if (word.text === '(') depth++;
    if (word.text === ')') depth--;
    if (word.text === ',' && depth === 0) given.push([]);
    else if (given.length === 0) given.push([word]);
    else given.at(-1)?.push(word);
  }
  return given;
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
  const text = value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value;
  // To SQLite a text ends with the first zero.
  return typeof text === 'string' && /^\s*(now|localtime|utc|subsec|subsecond)\s*(\0|$)/i.test(text);
}
