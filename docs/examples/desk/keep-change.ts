import { isHoldfastError, type Runtime } from 'holdfast';
import { type DocumentEvent, document } from './document.ts';
import { readText } from './read-document.ts';
import type { Change } from './reconcile.ts';

/**
 * `overtaken`: another desk moved the document on meanwhile, and knows better. `outdated`: the file has changed again since it
 * was looked at, or is gone; the next run sees what it is then.
 */
export type Kept = 'kept' | 'kept before' | 'overtaken' | 'outdated';

const attemptsMax = 3;

/**
 * Makes a change durable, once and only once. The key says which event of the document it is, so that a repetition, by
 * this desk or by another one, is recognised; the version says what the change was based on.
 */
export async function keepChange(runtime: Runtime, folder: string, change: Change): Promise<Kept> {
  const { id, version, stamp } = change;
  const event = withText(folder, change);
  if (event === undefined) return 'outdated';
  const actor = runtime.actor(document, id);
  const options = {
    expectedVersion: version,
    idempotencyKey: `event-${version + 1}`,
    metadata: stamp === undefined ? {} : { stamp },
  };
  for (let attempt = 1; ; attempt++) {
    try {
      const { repeated } = await actor.send(event, options);
      return repeated ? 'kept before' : 'kept';
    } catch (error) {
      if (isOvertaken(error)) return 'overtaken';
      if (attempt >= attemptsMax || !isHoldfastError(error) || !error.retryable) throw error;
    }
  }
}

/** The event with the text that it is about, read only now: many changes wait, and few are on their way. */
function withText(folder: string, { event, path }: Change): DocumentEvent | undefined {
  if (event.type !== 'created' && event.type !== 'revised') return event;
  const text = readText(folder, path, event.hash);
  return text === undefined ? undefined : { ...event, text };
}

function isOvertaken(error: unknown): boolean {
  return (
    isHoldfastError(error, 'HOLDFAST_ERR_VERSION_CONFLICT') ||
    isHoldfastError(error, 'HOLDFAST_ERR_IDEMPOTENCY_CONFLICT') ||
    isHoldfastError(error, 'HOLDFAST_ERR_EVENT_REJECTED')
  );
}
