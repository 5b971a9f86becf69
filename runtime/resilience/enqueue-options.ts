import { systemClock } from '../ports/clock.ts';
import { encode } from '../protocol/codec.ts';
import { commandFingerprint } from '../protocol/command-fingerprint.ts';
import { createEventId } from '../protocol/event-id.ts';
import { checkKey, checkWhole } from '../protocol/names.ts';
import type { EnqueueResult, NewOperation, OperationLimits, OperationState } from '../protocol/operation.ts';
import { checkOptions, invalidOption } from '../protocol/options.ts';
import { keyConflict, queueFull } from './operation-errors.ts';
import type { OperationRunnerOptions } from './operation-runner.ts';

/** Options of `enqueue` of a store-and-forward queue. */
export interface EnqueueOptions<Name extends string = string> {
  /** Which handler carries it out. Default: the only one that there is. */
  readonly name?: Name;
  /** Makes a repetition harmless: the same operation under the same key is kept once, and its key for 7 days after its end. */
  readonly idempotencyKey?: string;
  /** Operations with the same key are carried out strictly one after the other, in order. */
  readonly orderKey?: string;
  /** Replaces the payload of an operation with the same key, and order key, that waits and was never begun. */
  readonly coalesceKey?: string;
  /**
   * Higher goes first, among operations of different order keys, also before what a drain has begun with. A whole number;
   * default 0.
   */
  readonly priority?: number;
  /** Not carried out before so many milliseconds. Default 0. */
  readonly delayMs?: number;
  /** Expires after so many milliseconds, by the clock on the wall, however that is moved. Default: `ttlMs` of the queue. */
  readonly ttlMs?: number;
}

/** What became of an operation that was handed in. */
export interface Enqueued {
  /** Of the operation that is kept: with `duplicate` and `coalesced` an older one. */
  readonly operationId: string;
  /** `dropped`: there was no room, and the queue drops the newest. */
  readonly status: 'enqueued' | 'duplicate' | 'coalesced' | 'dropped';
  readonly state: OperationState;
}

type QueueOfOperations = Pick<OperationRunnerOptions, 'queue' | 'handlers' | 'ttlMs'>;

const enqueueOptionNames = [
  'name',
  'idempotencyKey',
  'orderKey',
  'coalesceKey',
  'priority',
  'delayMs',
  'ttlMs',
];

/** Checks an operation that is handed in, and encodes it. */
export function toNewOperation(
  { queue, handlers, ttlMs: queueTtlMs }: QueueOfOperations,
  payload: unknown,
  options: EnqueueOptions,
): NewOperation {
  const owner = `storeAndForward('${queue}').enqueue`;
  checkOptions(owner, options, enqueueOptionNames);
  const names = Object.keys(handlers);
  const { name = names.length === 1 ? names[0] : undefined } = options;
  if (name === undefined || !names.includes(name))
    throw invalidOption(`${owner}: "name" must be that of a handler: ${names.join(', ')}.`);
  const { idempotencyKey, orderKey, coalesceKey, priority = 0, delayMs = 0 } = options;
  for (const [option, key] of Object.entries({ idempotencyKey, orderKey, coalesceKey }))
    if (key !== undefined) checkKey(option, key);
  checkWhole('priority', priority, Number.MIN_SAFE_INTEGER);
  checkWhole('delayMs', delayMs);
  const { ttlMs = queueTtlMs } = options;
  if (ttlMs !== undefined) checkWhole('ttlMs', ttlMs, 1);
  const now = systemClock.now();
  const text = encode(payload, 'payload');
  return {
    operationId: createEventId(),
    queue,
    name,
    payload: text,
    idempotencyKey: idempotencyKey ?? null,
    fingerprint: idempotencyKey === undefined ? '' : commandFingerprint('execute', name, text),
    orderKey: orderKey ?? null,
    coalesceKey: coalesceKey ?? null,
    priority,
    dueAt: now + delayMs,
    expiresAt: ttlMs === undefined ? null : now + ttlMs,
  };
}

/** What a caller is told of an operation that was handed in; throws if it is not kept. */
export function toEnqueued(
  { queue, idempotencyKey }: NewOperation,
  { itemsMax, bytesMax }: OperationLimits,
  { outcome, operationId, state }: EnqueueResult,
): Enqueued {
  if (outcome === 'conflict') throw keyConflict(queue, idempotencyKey ?? '');
  if (outcome === 'refused') throw queueFull(queue, itemsMax, bytesMax);
  return { operationId, status: outcome, state };
}
