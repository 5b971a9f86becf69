import { decode } from '../protocol/codec.ts';
import type { OperationState, StoredOperation } from '../protocol/operation.ts';

/** An operation of a store-and-forward queue as it is kept. Times are milliseconds since 1970. */
export interface OperationRecord {
  readonly operationId: string;
  /** Its place in the order of its queue. */
  readonly sequence: number;
  readonly name: string;
  /** `null` for one that is done. */
  readonly payload: unknown;
  readonly state: OperationState;
  readonly idempotencyKey: string | null;
  readonly orderKey: string | null;
  readonly coalesceKey: string | null;
  readonly priority: number;
  /** Attempts that failed. */
  readonly attempts: number;
  readonly enqueuedAt: number;
  readonly dueAt: number;
  readonly expiresAt: number | null;
  readonly endedAt: number | null;
  /** Why the last attempt failed, without secrets. */
  readonly lastError: string | null;
}

/** What a caller is shown. */
export function toOperationRecord(stored: StoredOperation): OperationRecord {
  const { queue: _, fingerprint: __, payload, ...shown } = stored;
  return { ...shown, payload: payload === '' ? null : decode(payload) };
}
