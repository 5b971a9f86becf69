import { channel } from 'node:diagnostics_channel';

/**
 * An effect of a machine threw after its commit. Published in the host thread.
 * Payload: `{ address: string, type: string, error: unknown }`.
 */
export const effectFailed = channel('holdfast:effect:failed');

/**
 * A host thread ended although nobody closed it. Published in the main thread.
 * Payload: `{ host: number, generation: number, reason: string, unanswered: number }`.
 */
export const hostDied = channel('holdfast:host:died');

/**
 * A command was recorded as a dead letter. Published in the main thread.
 * Payload: `{ address: string, type: string, reason: string }`.
 */
export const deadLettered = channel('holdfast:dead-letter');
