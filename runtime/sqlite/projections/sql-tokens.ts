/** A part of a text of SQL. */
export interface SqlToken {
  readonly kind: 'space' | 'name' | 'string' | 'other';
  readonly text: string;
  /** What a name says, without its quotes. */
  readonly value: string;
}

/**
 * The tokens of SQLite (https://www.sqlite.org/lang.html, tokenize.c), as far as names have to be told from all else:
 * white space and comments; names, plain or in one of the three sorts of quotes; strings and blobs; variables, numbers
 * and symbols. What is not closed goes to the end.
 */
const pattern = new RegExp(
  [
    '(?<space>\\s+|--[^\\n]*|/\\*[\\s\\S]*?(?:\\*/|$))',
    "(?<string>[xX]?'(?:[^']|'')*(?:'|$))",
    '(?<name>[A-Za-z_\\u0080-\\uffff][\\w$\\u0080-\\uffff]*|"(?:[^"]|"")*(?:"|$)|`(?:[^`]|``)*(?:`|$)|\\[[^\\]]*(?:\\]|$))',
    '(?<other>[?][0-9]*|[:@$#][\\w$\\u0080-\\uffff]+|[0-9][\\w.]*|[\\s\\S])',
  ].join('|'),
  'g',
);

/** Takes a text apart; the texts of the tokens make it up again. */
export function tokensOf(sql: string): SqlToken[] {
  return [...sql.matchAll(pattern)].map(({ 0: text, groups }) => {
    if (groups?.['space'] !== undefined) return { kind: 'space', text, value: '' };
    if (groups?.['string'] !== undefined) return { kind: 'string', text, value: text };
    if (groups?.['name'] !== undefined) return { kind: 'name', text, value: unquoted(text) };
    return { kind: 'other', text, value: text };
  });
}

function unquoted(name: string): string {
  const quote = name[0] as string;
  if (quote === '[') return name.slice(1, -1);
  if (quote === '"' || quote === '`') return name.slice(1, -1).replaceAll(quote + quote, quote);
  return name;
}

/** Whether a conflict would end the transaction in which a statement runs. */
export function rollsBack(tokens: readonly SqlToken[]): boolean {
  const words = tokens.filter(({ kind }) => kind !== 'space').map(({ text }) => asciiLower(text));
  return words.some((word, at) => word === 'rollback' && ['or', 'conflict'].includes(words[at - 1] ?? ''));
}

/** A name as it can stand in SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The same text with names replaced, whatever their case: `names` has them in lower case. */
export function withNames(sql: string, names: ReadonlyMap<string, string>): string {
  return tokensOf(sql)
    .map(({ kind, text, value }) => (kind === 'name' ? (names.get(asciiLower(value)) ?? text) : text))
    .join('');
}

/** The same text with the first name of this value replaced. */
export function withFirstName(sql: string, name: string, by: string): string {
  let isDone = false;
  return tokensOf(sql)
    .map(({ kind, text, value }) => {
      if (isDone || kind !== 'name' || value !== name) return text;
      isDone = true;
      return by;
    })
    .join('');
}

/** Lower case as SQLite has it for names: of ASCII letters only. */
export function asciiLower(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
