import { redactText } from '../security/redact-text.ts';

const unshown = 'an error that cannot be shown';
/** Of what is longer not everything is looked at, in characters. */
const lookedAtMax = 100_000;

/** What is kept of an error, and shown: without secrets, and not without an end. Whatever was thrown, this does not throw. */
export function shownError(error: unknown, lengthMax = 2_000): string {
  try {
    const text = error instanceof Error ? saidBy(error) + causeOf(error) : saidOf(error);
    return redactText(wordsOf(text, lookedAtMax)).slice(0, lengthMax) || unshown;
  } catch {
    return unshown;
  }
}

/** As many whole words as there is room for: a token that was cut off may look like none. */
function wordsOf(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  return text.slice(0, Math.max(0, text.slice(0, lengthMax).search(/\s\S*$/)));
}

/** A connection that tried several addresses fails with a code and no message. */
function saidBy(error: NodeJS.ErrnoException): string {
  return error.message || error.code || error.name;
}

function causeOf({ cause }: Error): string {
  return cause instanceof Error ? ` (${saidBy(cause)})` : '';
}

/** Of a `Response` that was thrown, its status. */
function saidOf(thrown: unknown): string {
  const status = (thrown as Response | null | undefined)?.status as number;
  return status > 0 ? `HTTP ${status}` : String(thrown);
}
