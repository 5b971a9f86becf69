import { isHoldfastError, type Runtime } from 'holdfast';
import { document } from './document.ts';
import type { Change } from './reconcile.ts';

/** `overtaken`: another desk moved the document on meanwhile, and knows better. */
export type Kept = 'kept' | 'kept before' | 'overtaken';

const attemptsMax = 3;

/**
 * Makes a change durable, once and only once. The key says which event of the document it is, so that a repetition, by
 * this desk or by another one, is recognised; the version says what the change was based on.
 */
export async function keepChange(runtime: Runtime, change: Change): Promise<Kept> {
  const { id, version, event, stamp } = change;
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

function isOvertaken(error: unknown): boolean {
  return (
    isHoldfastError(error, 'HOLDFAST_ERR_VERSION_CONFLICT') ||
    isHoldfastError(error, 'HOLDFAST_ERR_IDEMPOTENCY_CONFLICT') ||
    isHoldfastError(error, 'HOLDFAST_ERR_EVENT_REJECTED')
  );
}
