/** Where in a text something begins and ends, and the quotes that its replacement needs to be JSON as before. */
export type Span = readonly [start: number, end: number, quote?: string | undefined];

/** The text with every span replaced. Spans may overlap and come in any order; those that touch become one. */
export function replaceSpans(text: string, spans: Span[], replacement: string): string {
  let out = '';
  let done = 0;
  for (const [start, end, quote = ''] of spans.sort((a, b) => a[0] - b[0])) {
    if (end <= done || end === start) continue;
    if (start > done || out === '') out += text.slice(done, start) + quote + replacement + quote;
    done = end;
  }
  return out + text.slice(done);
}
