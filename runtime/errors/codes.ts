/**
 * The closed table of everything Holdfast throws. `when` says when it occurs, `retryable` whether the same call may
 * succeed later without a change by the caller. `docs/reference/errors.md` shows it; a test compares the two.
 */
export const errorCodes = {
  HOLDFAST_ERR_NODE_VERSION: {
    when: 'A door of the package was imported on a Node.js older than 22.14 (of 23, than 23.6).',
    retryable: false,
  },
  HOLDFAST_ERR_OPTION_INVALID: { when: 'An option is unknown, missing or out of range.', retryable: false },
  HOLDFAST_ERR_ARGUMENT_INVALID: {
    when: 'A stream name, address, event or version is not of the form the method takes.',
    retryable: false,
  },
  HOLDFAST_ERR_PAYLOAD_INVALID: {
    when: 'A payload holds a value that cannot be kept exactly, or does not match its schema.',
    retryable: false,
  },
  HOLDFAST_ERR_PAYLOAD_TOO_LARGE: { when: 'An event or a batch is over its limit.', retryable: false },
  HOLDFAST_ERR_VERSION_CONFLICT: {
    when: 'The stream is not at the expected version. Nothing was written.',
    retryable: false,
  },
  HOLDFAST_ERR_IDEMPOTENCY_CONFLICT: {
    when: 'An idempotency key or event id was used before with other content. Nothing was written.',
    retryable: false,
  },
  HOLDFAST_ERR_EVENT_REJECTED: {
    when: 'The machine does not accept the event in its state. Nothing was written.',
    retryable: false,
  },
  HOLDFAST_ERR_TRANSITION_FAILED: {
    when: 'A guard, an assign or another part of the machine threw. Nothing was written.',
    retryable: false,
  },
  HOLDFAST_ERR_UPCAST_FAILED: {
    when: 'An upcaster threw, or returned no payload and no events. The actor could not be read; nothing was written.',
    retryable: false,
  },
  HOLDFAST_ERR_EVENT_NEWER: {
    when: 'A newer version of the application wrote an event of the actor. It could not be read; nothing was written.',
    retryable: false,
  },
  HOLDFAST_ERR_COMMAND_FAILED: {
    when: 'The decide function of a command threw. Nothing was written.',
    retryable: false,
  },
  HOLDFAST_ERR_COMMAND_UNKNOWN: { when: 'The definition has no such command.', retryable: false },
  HOLDFAST_ERR_MACHINE_UNSUPPORTED: {
    when: 'A machine uses something that cannot be hosted without losing it.',
    retryable: false,
  },
  HOLDFAST_ERR_DEFINITION_UNKNOWN: {
    when: 'No module given to the runtime exports the definition.',
    retryable: false,
  },
  HOLDFAST_ERR_DEFINITION_DUPLICATE: { when: 'Two definitions have the same kind.', retryable: false },
  HOLDFAST_ERR_MODULE_LOAD: {
    when: 'A definition module could not be imported in a host thread.',
    retryable: false,
  },
  HOLDFAST_ERR_INSIDE_HOST: {
    when: 'A definition module opened a runtime or a store while it was imported for its definitions.',
    retryable: false,
  },
  HOLDFAST_ERR_WORK_INTERRUPTED: {
    when: 'Invoked work was under way when its thread or process ended, and is not run again.',
    retryable: false,
  },
  HOLDFAST_ERR_MAILBOX_FULL: {
    when: 'An actor has as many unanswered commands as its mailbox holds, or was told more by its work than could be kept.',
    retryable: true,
  },
  HOLDFAST_ERR_BULKHEAD_FULL: {
    when: 'A bulkhead has as many running and waiting calls as it holds. The function was not called.',
    retryable: true,
  },
  HOLDFAST_ERR_TIMEOUT: {
    when: 'No answer came within the time-out. The outcome is unknown.',
    retryable: true,
  },
  HOLDFAST_ERR_HOST_DIED: {
    when: 'The host thread died before the command was acknowledged. The outcome is unknown.',
    retryable: true,
  },
  HOLDFAST_ERR_HOST_UNAVAILABLE: {
    when: 'The host of the actor has died too often and rests before it is tried again. Nothing was written.',
    retryable: true,
  },
  HOLDFAST_ERR_POISON_MESSAGE: {
    when: 'The command killed its host thread, and once more alone in quarantine. It is kept as a dead letter.',
    retryable: false,
  },
  HOLDFAST_ERR_DEAD_LETTER_UNKNOWN: {
    when: 'There is no dead letter with this id: it was discarded, answered or never there.',
    retryable: false,
  },
  HOLDFAST_ERR_PROJECTION_UNKNOWN: {
    when: 'No module given to the runtime exports the projection.',
    retryable: false,
  },
  HOLDFAST_ERR_PROJECTION_INVALID: {
    when: 'The tables or statements of a projection are not what they may be, or its tables changed and its version did not.',
    retryable: false,
  },
  HOLDFAST_ERR_PROJECTION_NEWER: {
    when: 'A newer version of the application has built the projection. It was left as it is.',
    retryable: false,
  },
  HOLDFAST_ERR_PROJECTION_FAILED: {
    when: 'An event stopped the projection: its handler threw, never ended, or SQLite refused its statement.',
    retryable: false,
  },
  HOLDFAST_ERR_QUERY_INVALID: {
    when: 'A query is no query, names what is not there, or has other values than it needs.',
    retryable: false,
  },
  HOLDFAST_ERR_QUERY_TOO_LARGE: { when: 'A query has found more than it may return.', retryable: false },
  HOLDFAST_ERR_THREAD_EXITED: { when: 'A thread ended while a call to it was waiting.', retryable: true },
  HOLDFAST_ERR_THREAD_START: { when: 'A thread could not be started.', retryable: true },
  HOLDFAST_ERR_GENERATION_FENCED: {
    when: 'An append came from a host that has been replaced. Nothing was written.',
    retryable: false,
  },
  HOLDFAST_ERR_CIRCUIT_OPEN: {
    when: 'A circuit breaker rejects calls, since those before have failed. Nothing was called; `retryAfterMs` says when to ask again.',
    retryable: true,
  },
  HOLDFAST_ERR_CIRCUIT_ISOLATED: {
    when: 'A circuit breaker was isolated by hand and rejects every call. Nothing was called.',
    retryable: true,
  },
  HOLDFAST_ERR_CANCELLED: {
    when: 'An operation was cancelled while its handler ran; the reason of its signal.',
    retryable: false,
  },
  HOLDFAST_ERR_QUEUE_FULL: {
    when: 'A queue has no room for a call or an operation, or has dropped it to make room.',
    retryable: true,
  },
  HOLDFAST_ERR_CONTAINER_BINDING_UNKNOWN: {
    when: 'A container was asked for a name that it does not bind.',
    retryable: false,
  },
  HOLDFAST_ERR_CONTAINER_CYCLE: {
    when: 'Bindings of a container wait for one another. Their factories are told instead of waiting for ever.',
    retryable: false,
  },
  HOLDFAST_ERR_CONTAINER_SCOPE: {
    when: 'A scoped binding was asked for outside of a scope, or by something that lives longer, or was not given.',
    retryable: false,
  },
  HOLDFAST_ERR_CONTAINER_NOT_READY: {
    when: 'An eager binding was read while the container was being made, and is not there yet.',
    retryable: false,
  },
  HOLDFAST_ERR_CONTAINER_INIT_FAILED: {
    when: 'The factory of a binding, or of a dependency, failed or took too long. The next one to ask has it tried again.',
    retryable: true,
  },
  HOLDFAST_ERR_CONTAINER_WARM_UP_FAILED: {
    when: 'Some of what a container was to make at once could not be made; the rest is there.',
    retryable: true,
  },
  HOLDFAST_ERR_CONTAINER_DISPOSE_FAILED: {
    when: 'A container is closed, but something that it had made could not be disposed.',
    retryable: false,
  },
  HOLDFAST_ERR_CONTAINER_BLUEPRINT: {
    when: 'No module given to the runtime exports the blueprint of its container, or several do; or work asked by another one.',
    retryable: false,
  },
  HOLDFAST_ERR_CLOSED: {
    when: 'The store, runtime, container or policy is closed or closing. What was under way may have been carried out.',
    retryable: false,
  },
  HOLDFAST_ERR_STORAGE_PATH: {
    when: 'The folder of the database does not exist, or the path is no file.',
    retryable: false,
  },
  HOLDFAST_ERR_STORAGE_READONLY: { when: 'The database or its folder cannot be written.', retryable: false },
  HOLDFAST_ERR_STORAGE_FULL: { when: 'The disk is full. Nothing was written.', retryable: true },
  HOLDFAST_ERR_STORAGE_BUSY: {
    when: 'Another process held the write lock longer than the time-out. Nothing was written.',
    retryable: true,
  },
  HOLDFAST_ERR_STORAGE_CORRUPT: {
    when: 'The database file or its log is damaged, or only the log is there.',
    retryable: false,
  },
  HOLDFAST_ERR_STORAGE_NOT_A_DATABASE: { when: 'The file is no SQLite database.', retryable: false },
  HOLDFAST_ERR_STORAGE_FOREIGN: { when: 'The file is a database of another application.', retryable: false },
  HOLDFAST_ERR_STORAGE_IO: {
    when: 'The operating system reported a read or write error. Nothing was written.',
    retryable: true,
  },
  HOLDFAST_ERR_SCHEMA_NEWER: {
    when: 'The file was written by a newer Holdfast, or brought up to date by one while it was open.',
    retryable: false,
  },
  HOLDFAST_ERR_SCHEMA_OLDER: {
    when: 'A file that was opened only for reading was written by an older Holdfast.',
    retryable: false,
  },
  HOLDFAST_ERR_OUTCOME_UNKNOWN: {
    when: 'The disk failed while a commit was being made durable: it may or may not survive a crash.',
    retryable: true,
  },
  HOLDFAST_ERR_PROPERTY_FAILED: {
    when: 'A test found a property that does not hold of a machine. The message has the shortest way to it.',
    retryable: false,
  },
  HOLDFAST_ERR_COVERAGE_MISSED: {
    when: 'A test covered fewer states or transitions of a machine than it should.',
    retryable: false,
  },
  HOLDFAST_ERR_EXPECTATION_FAILED: {
    when: 'A specification expected something else than what came about.',
    retryable: false,
  },
  HOLDFAST_ERR_PEER_MISSING: {
    when: 'A package that is only needed for this, and is not installed with Holdfast, could not be loaded.',
    retryable: false,
  },
  HOLDFAST_ERR_SIMULATION_FAILED: {
    when: 'In a simulation, an invariant did not hold, or the runtime broke a promise. The message says how to see it again.',
    retryable: false,
  },
  HOLDFAST_ERR_SIMULATION_STALLED: {
    when: 'A simulation waits for something that is no part of it, such as a network, or does not end.',
    retryable: false,
  },
  HOLDFAST_ERR_INVARIANT: {
    when: 'Holdfast found its own state inconsistent: a defect in Holdfast.',
    retryable: false,
  },
} as const satisfies Record<`HOLDFAST_ERR_${string}`, { when: string; retryable: boolean }>;

/** A code of the closed table {@link errorCodes}. Match on it, never on a message or a class. */
export type HoldfastErrorCode = keyof typeof errorCodes;
