import { redactText } from '../security/redact-text.ts';

/** What is kept of an error, and shown: without secrets, and not without an end. Whatever was thrown, this does not throw. */
export function shownError(error: unknown, lengthMax = 2_000): string {
  try {
    const text = error instanceof Error ? `${error.message || error.name}${causeOf(error)}` : String(error);
    return redactText(text.slice(0, 4 * lengthMax)).slice(0, lengthMax);
  } catch {
    return 'an error that cannot be shown';
  }
}

function causeOf({ cause }: Error): string {
  return cause instanceof Error ? ` (${cause.message})` : '';
}
