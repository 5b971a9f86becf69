import { isCount, type KeyTest } from './sensitive-keys.ts';
import type { Span } from './span.ts';

/**
 * A colon or equals sign, with the key before it and the quote and bracket that close the key, and the line break that
 * `util.inspect` puts before a long string; or the space after `--key`; or the end of `<key>`, where `</` or CDATA follows.
 */
const assignments =
  /[:=](?<=([\p{L}\p{M}\p{N}_$. -]{1,64})(\\{0,3}["'`])?\]?[ \t]{0,64}[:=])[=>]{0,2}[ \t]{0,64}(?:\r?\n[ \t]{1,64}(?=["'`]))?|[ \t](?<=(?<![\w-])--([\w.-]{1,64})[ \t])|>(?<=<(?:[^<>:\s]+:)?([\w.-]{1,64})(?:\s[^<>]{0,256})?>)(?=[^<]{1,4096}<\\?\/|[^<]{0,4096}<!\[CDATA\[)/gu;

/** `"name": "password", "value":`, as lists of headers and variables have it, up to before the last sign. */
const labelled =
  /(?:name|key)\\{0,3}["'`]?\s{0,4}[:=]\s{0,4}\\{0,3}["'`]?([\p{L}\p{M}\p{N}_$.-]{1,64})\\{0,3}["'`]?\s{0,4}[,;\s](?:\s|\\{1,7}[nrt]){0,64}\\{0,3}["'`]?value\\{0,3}["'`]?\s{0,4}$/iu;

/** What joins the lines of one string, as `util.inspect` shows them. */
const joinedLine = / \+\r?\n[ \t]{1,64}(?=["'`])/y;

/** Up to a space or `&`, or a comma or closing quote that does not look like a part of the value. */
const bareValue = /[^\s&]+?(?=[\s&]|$|\\{0,3}["'`](?:[\s,;:)}\]]|$)|[,;](?:\s|$))/y;

/** What can follow a quoted value, and what a list or an object that is not JSON. */
const afterQuote = /[\s,;:)}\]>&"'`\\]|$/y;
const afterList = /[,;]?(?:\s|$)/y;

const restOfLine = /[^\r\n]+/y;

/** Up to what ends a value of JSON. */
const jsonValue = /[^\s,}\]]+/y;

/** The values in `password=value`, `"password": "value"`, `password: 'value'` and the like in a text. */
export function* assignedSecrets(text: string, isSensitive: KeyTest): Generator<Span> {
  let done = 0;
  for (const { 0: sign, 1: name = '', 2: quote, 3: option, 4: tag, index } of text.matchAll(assignments)) {
    const key = keyOf(text, index, option ?? tag ?? (quote === undefined ? lastWords(name) : name));
    // `reset-password.ts:12:5` is a place in a program.
    if (index < done || /\.[cm]?[jt]sx?$/.test(key) || !isSensitive(key)) continue;
    const start = index + sign.length;
    const span: Span =
      tag === undefined ? valueAt(text, start, key, quote) : [start, endOfContent(text, start)];
    const value = text.slice(span[0], span[1]);
    if (/^(?:null|undefined|true|false)$/.test(value) || (isCount(key) && /^\d+$/.test(value))) continue;
    yield span;
    done = span[1];
  }
}

/** Of a value that is called `value`, the key is what it is the value of. */
function keyOf(text: string, sign: number, key: string): string {
  if (!/^[ ]*value$/i.test(key)) return key;
  return labelled.exec(text.slice(Math.max(0, sign - 256), sign))?.[1] ?? key;
}

/** Of a sentence, the last word is the key, or two as in `api key`. */
function lastWords(name: string): string {
  return /(?:[^ ]+ )?(?:key|string|id)$|[^ ]*$/i.exec(name.trimEnd())?.[0] ?? '';
}

/** Of an element that has no others; its CDATA may hold what looks like them, and may be cut off. */
function endOfContent(text: string, start: number): number {
  for (let at = start; ; ) {
    const next = text.indexOf('<', at);
    if (next < 0 || !text.startsWith('<![CDATA[', next)) return next < 0 ? text.length : next;
    const end = text.indexOf(']]>', next);
    if (end < 0) return text.length;
    at = end;
  }
}

function valueAt(text: string, start: number, key: string, quote: string | undefined): Span {
  // These have several parts.
  const line = /(?:cookie|authori[sz]ation)$/i.test(key) ? restOfLine : bareValue;
  const rest = quote === undefined ? line : jsonValue;
  const [opening = '', slashes = '', mark = ''] =
    /^(\\{0,3})(["'`])/.exec(text.slice(start, start + 4)) ?? [];
  if (mark !== '') {
    let last = closingQuote(text, start + opening.length, mark, slashes.length);
    let end = last + opening.length;
    for (let joint = matchLength(joinedLine, text, end); joint !== undefined; ) {
      const next = end + joint;
      last = closingQuote(text, next + 1, text.charAt(next), 0);
      end = last + 1;
      joint = matchLength(joinedLine, text, end);
    }
    if (matchLength(afterQuote, text, end) !== undefined || end >= text.length)
      return [start + opening.length, last];
    return [start, end + (matchLength(rest, text, end) ?? 0), quote];
  }
  let end = start;
  const closing = { '{': '}', '[': ']' }[text.charAt(start)];
  if (closing !== undefined) end = text.indexOf(closing, start) + 1 || text.length;
  // A password may begin with what looks like a whole value.
  const whole =
    end > start &&
    rest !== restOfLine &&
    matchLength(quote === undefined ? afterList : afterQuote, text, end) !== undefined;
  return [start, whole ? end : end + (matchLength(rest, text, end) ?? 0), quote];
}

/** How much of the text the pattern matches there, if it does. */
function matchLength({ source }: RegExp, text: string, start: number): number | undefined {
  const pattern = new RegExp(source, 'y');
  pattern.lastIndex = start;
  return pattern.exec(text)?.[0].length;
}

/**
 * Before a quote that closes stand as many backslashes as before the one that opened, or as before a string around it,
 * and pairs of pairs of those that are part of the value. A value that was cut off ends with the text.
 */
function closingQuote(text: string, start: number, mark: string, slashes: number): number {
  for (let at = text.indexOf(mark, start); at !== -1; at = text.indexOf(mark, at + 1)) {
    let first = at;
    while (first > start && text[first - 1] === '\\') first--;
    const count = at - first;
    const level = [0, 1, 3].find((each) => each <= slashes && count % (2 * (each + 1)) === each);
    if (level !== undefined) return at - level;
  }
  return text.length;
}
