import { type HoldfastErrorOf, holdfastError } from '../errors/holdfast-error.ts';

/** The error of a key or event id that was used before with other content. */
export function idempotencyConflict(
  stream: string,
  key: string,
): HoldfastErrorOf<'HOLDFAST_ERR_IDEMPOTENCY_CONFLICT'> {
  return holdfastError(
    'HOLDFAST_ERR_IDEMPOTENCY_CONFLICT',
    `"${key}" was used before on ${stream} with other content, and nothing was written. ` +
      'Use a new key for new content; repeat a call with exactly the same content.',
    { stream, key },
  );
}
