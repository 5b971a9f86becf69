import { holdfastError } from '../errors/holdfast-error.ts';

/** Refuses another operation under a key that is known. */
export function keyConflict(queue: string, key: string): Error {
  return holdfastError(
    'HOLDFAST_ERR_IDEMPOTENCY_CONFLICT',
    `The key "${key}" of the queue "${queue}" was used for another operation. Nothing was kept.`,
    { stream: queue, key },
  );
}

/** Refuses an operation for which there is no room. */
export function queueFull(queue: string, itemsMax: number, bytesMax: number): Error {
  return holdfastError(
    'HOLDFAST_ERR_QUEUE_FULL',
    `The queue "${queue}" holds ${itemsMax} operations or ${bytesMax} bytes: this one is not kept.`,
  );
}

/** Rejects whatever comes after the end. */
export function queueClosed(queue: string): Error {
  return holdfastError('HOLDFAST_ERR_CLOSED', `The queue "${queue}" is closed with its runtime.`);
}
