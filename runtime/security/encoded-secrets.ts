import type { Span } from './span.ts';

/** What is encoded, and that again; no word is decoded more often. */
const depthMax = 3;

const octet = /%([\dA-Fa-f]{2})/g;

/**
 * The secrets in those words of a text that are percent-encoded (RFC 3986, 2.1), such as `next=https%3A%2F%2Fbob%3A…`:
 * `find` looks at what each of them stands for.
 */
export function* encodedSecrets(
  text: string,
  find: (decoded: string, depth: number) => Iterable<Span>,
  depth = 0,
): Generator<Span> {
  if (depth >= depthMax || text.search(octet) === -1) return;
  for (const { 0: word, index } of text.matchAll(/\S+/g)) {
    const { decoded, places } = decode(word);
    if (decoded.length === word.length) continue;
    for (const [start, end] of find(decoded, depth + 1))
      yield [index + (places[start] ?? word.length), index + (places[end] ?? word.length)];
  }
}

/** Every octet is a character here, so that each has its place; keys and the signs around them are ASCII. */
function decode(word: string): { readonly decoded: string; readonly places: readonly number[] } {
  const places: number[] = [];
  let decoded = '';
  let done = 0;
  const copy = (end: number) => {
    for (let at = done; at < end; at++) places.push(at);
    decoded += word.slice(done, end);
  };
  for (const {
    0: { length },
    1: hex = '',
    index,
  } of word.matchAll(octet)) {
    copy(index);
    places.push(index);
    decoded += String.fromCharCode(Number.parseInt(hex, 16));
    done = index + length;
  }
  copy(word.length);
  return { decoded, places };
}
