import { holdfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import { sentence } from '../errors/sentence.ts';
import { fromWireError } from '../errors/wire-error.ts';
import type { ProjectionFailure } from '../protocol/projection.ts';

/** The error of a projection that an event has stopped. */
export function stopped(
  projection: string,
  { position, stream, version, type, error }: ProjectionFailure,
): Error {
  return holdfastError(
    'HOLDFAST_ERR_PROJECTION_FAILED',
    `The projection "${projection}" stopped before the event "${type}" of ${stream} at version ${version}, position ` +
      `${position}: ${sentence(error.message)} Mend its handler and raise its version, or start again.`,
    { projection, position },
    fromWireError(error),
  );
}

/** Whether the file is damaged, or the disk could not be read for a moment: SQLite says the same of both. */
export function isDamage(error: unknown): boolean {
  return isHoldfastError(error, 'HOLDFAST_ERR_STORAGE_CORRUPT');
}

/** Whether another try of a projection would not change its error, as far as is known. */
export function isFinal(error: unknown): boolean {
  return (
    isHoldfastError(error) &&
    [
      'HOLDFAST_ERR_PROJECTION_INVALID',
      'HOLDFAST_ERR_PROJECTION_NEWER',
      'HOLDFAST_ERR_STORAGE_CORRUPT',
      'HOLDFAST_ERR_CLOSED',
      'HOLDFAST_ERR_THREAD_EXITED',
      'HOLDFAST_ERR_INVARIANT',
    ].includes(error.code)
  );
}
