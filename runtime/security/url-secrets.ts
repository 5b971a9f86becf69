import type { Span } from './span.ts';

/** A URL in a text, from its `://` on, in which JSON may have escaped the slashes: up to a space, a double quote, or a single one that does not look like a part of it. */
const urls = /:(?:\\?\/){2}(?:[^\s"<>`'\\]|\\(?!\\{0,3}["'])|'(?![\s,;:)}\]]|$))+/g;

const hostAndPort = /^(?:\[[^\]]*\]|[^:]*)(?::\d*)?$/;

/** A fragment that is the name of a section of a page. */
const section = /^[a-z]{0,20}(?:[-_.][a-z]{0,20}){0,12}$/i;

/** The credentials and query values of all URLs in a text, and their fragments that may be more than a section. */
export function* urlSecretsIn(text: string): Generator<Span> {
  for (const { 0: url, index } of text.matchAll(urls)) {
    yield* urlSecrets(text, index + (url.startsWith(':\\') ? 5 : 3), index + url.length, section);
  }
}

/** The credentials, query values and fragment of the one URL whose authority begins at `start`. */
export function* urlSecrets(
  text: string,
  start: number,
  end: number,
  keptFragment?: RegExp,
): Generator<Span> {
  const lastAt = text.slice(start, end).lastIndexOf('@') + start;
  let query = indexOf(text, /[?#]/, start, end);
  for (let next = start; next !== -1; ) {
    const authority = text.slice(next, indexOf(text, /[/?#]/, next, end));
    let host = next + authority.lastIndexOf('@') + 1;
    // A password may hold a slash, a question mark or a hash that should have been encoded.
    if (host === next && !hostAndPort.test(authority) && lastAt >= next) host = lastAt + 1;
    if (host > next) yield [next, host - 1];
    if (host > query) query = indexOf(text, /[?#]/, host, end);
    // Several URLs may follow each other without a space.
    const another = text.slice(host, query).indexOf('://');
    next = another === -1 ? -1 : host + another + 3;
  }
  const hash = indexOf(text, /#/, query, end);
  for (const { 0: part, index } of text.slice(query, hash).matchAll(/[^?&;]+/g)) {
    // A part without a value may itself be the secret.
    yield [query + index + part.indexOf('=') + 1, query + index + part.length];
  }
  if (hash < end && keptFragment?.test(text.slice(hash + 1, end)) !== true) yield [hash + 1, end];
}

function indexOf(text: string, pattern: RegExp, start: number, end: number): number {
  const found = text.slice(start, end).search(pattern);
  return found === -1 ? end : start + found;
}
