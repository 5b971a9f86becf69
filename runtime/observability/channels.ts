import { channel } from 'node:diagnostics_channel';

/**
 * An actor has taken an event, which is durable, and its effects are next. Published in the host thread, once for each
 * event; its sender may have the answer already. Payload: `{ address: string, type: string, version: number, position: number,
 * state: unknown, status: 'active' | 'done' | 'error' }`; `position` is 0 for actors that are not written, and of several
 * events of one command each has the state after the last.
 */
export const actorTransition = channel('holdfast:actor:transition');

/**
 * An effect of a machine threw after its commit, or an event from within could not be kept. Published in the host thread.
 * Payload: `{ address: string, type: string, error: unknown }`.
 */
export const effectFailed = channel('holdfast:effect:failed');

/**
 * A stored event changes nothing in the machine of today. Published in the host thread, once for each event while its
 * thread lives. Payload: `{ address: string, type: string, version: number, reason: 'unknown-type' | 'not-accepted' }`.
 */
export const eventSkipped = channel('holdfast:event:skipped');

/**
 * `migrate` threw, or the machine does not take what it returned; the stream was replayed instead. Published in the host
 * thread. Payload: `{ address: string, version: number, fromVersion: number, error: unknown }`.
 */
export const migrateFailed = channel('holdfast:snapshot:migrate-failed');

/**
 * Actors emitted more than the listeners of `runtime.on` could hear in time, and some of it was dropped. Published in the
 * main thread, with the next event that is heard. Payload: `{ count: number }`.
 */
export const emittedDropped = channel('holdfast:emitted:dropped');

/**
 * A host thread ended although nobody closed it. Published in the main thread.
 * Payload: `{ host: number, generation: number, cause: string, reason: string, unanswered: number }`; `unanswered` is
 * how many commands failed with it.
 */
export const hostDied = channel('holdfast:host:died');

/**
 * A runtime could not begin its run, so timers and messages are not delivered yet, which is tried again every five seconds;
 * or its projections could not be loaded, which is tried again as often if it may pass. Published in the main thread.
 * Payload: `{ error: unknown }`.
 */
export const runFailed = channel('holdfast:run:failed');

/**
 * A timer or a message could not be delivered and will be tried again. Published in the main thread.
 * Payload: `{ from: 'timers' | 'outbox', id: number, address: string, type: string, attempt: number, error: unknown }`.
 */
export const deliveryDelayed = channel('holdfast:delivery:delayed');

/**
 * The next thread of a host that had died serves. Published in the main thread.
 * Payload: `{ host: number, generation: number, restarts: number, downMs: number }`; `restarts` is how many there were
 * within the period.
 */
export const hostRestarted = channel('holdfast:host:restarted');

/**
 * A host has died too often: its commands are rejected until it is tried again. Published in the main thread.
 * Payload: `{ host: number, cause: string, reason: string, restarts: number, retryAfterMs: number }`.
 */
export const hostEscalated = channel('holdfast:host:escalated');

/**
 * An actor went into quarantine with a command that had killed its host. Published in the main thread.
 * Payload: `{ address: string, host: number, cause: string, reason: string }`.
 */
export const actorQuarantined = channel('holdfast:actor:quarantined');

/**
 * An actor came out of quarantine, and its later commands go on. Published in the main thread.
 * Payload: `{ address: string, host: number, poisoned: number }`; `poisoned` is how many commands died there too.
 */
export const actorReleased = channel('holdfast:actor:released');

/**
 * A command became a dead letter, or a timer, a message or work that is given up. Published in the main thread, also where
 * the disk did not take the letter; not for messages that their receiver does not accept.
 * Payload: `{ address: string, type: string, reason: string }`.
 */
export const deadLettered = channel('holdfast:dead-letter');

/**
 * An event stopped a projection: its handler threw, ended its thread or never ended, or SQLite refused its statement.
 * Published in the main thread. Payload: `{ projection: string, position: number, error: unknown }`.
 */
export const projectionStopped = channel('holdfast:projection:stopped');

/**
 * The same, for a projection that passes such events over. Published in the main thread, once for each try.
 * Payload: `{ projection: string, position: number, error: unknown }`.
 */
export const projectionSkipped = channel('holdfast:projection:skipped');

/**
 * What is known of the network has changed. Published in the main thread.
 * Payload: `{ status: ConnectivityStatus, before: ConnectivityStatus, reason: string | null }`.
 */
export const connectivityChanged = channel('holdfast:connectivity:changed');

/**
 * A circuit breaker has opened, closed, is tried, or was isolated. Published in the main thread.
 * Payload: `{ name: string, state: CircuitState, before: CircuitState }`.
 */
export const circuitChanged = channel('holdfast:circuit:changed');

/**
 * A circuit breaker has carried out calls that were queued. Published in the main thread.
 * Payload: `{ name: string, calls: number, left: number, ms: number }`; `left` is how many still wait.
 */
export const circuitDrained = channel('holdfast:circuit:drained');

/**
 * The store of a cache failed, or a call that was made behind an old value did. Published in the thread of the cache.
 * Payload: `{ key: string, doing: 'get' | 'set' | 'refresh', error: unknown }`.
 */
export const cacheFailed = channel('holdfast:cache:failed');

/**
 * Something could not be disposed, and nobody waits to be told: it came too late for whoever had asked for it, its
 * container could not be made, or the host thread that had the container ended. Published in the thread of the container.
 * Payload: `{ name: string, error: unknown }`.
 */
export const containerDisposeFailed = channel('holdfast:container:dispose-failed');

/**
 * A handler has carried out an operation of a store-and-forward queue. Published in the main thread.
 * Payload: `{ queue: string, operationId: string, name: string, attempt: number, ms: number }`.
 */
export const operationReplayed = channel('holdfast:operation:replayed');

/**
 * A handler has failed. Published in the main thread. Payload: `{ queue: string, operationId: string, name: string,
 * attempt: number, error: string, retryAt: number | null }`; `error` without secrets.
 */
export const operationFailed = channel('holdfast:operation:failed');

/**
 * An operation came to another end than success. Published in the main thread. Payload: `{ queue: string, operationId:
 * string, name: string | null, state: 'dead' | 'parked' | 'expired' | 'cancelled' | 'dropped' }`.
 */
export const operationEnded = channel('holdfast:operation:ended');

/**
 * A queue has carried out what was due. Published in the main thread.
 * Payload: `{ queue: string, replayed: number, failed: number, ms: number }`.
 */
export const queueDrained = channel('holdfast:queue:drained');
