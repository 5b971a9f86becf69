/** The bounds that only a store needs, each with the reason for its number. Apart, so that no other thread loads them. */
export const storeLimits = {
  /** Appends committed together: enough to hide an fsync, few enough that nobody waits long behind the others. */
  groupCommitMax: 4096,
  /** Events of one page of a load: hosts fold a page while the next is read, and a longer one wakes fewer threads. */
  loadEventsMax: 2048,
  /** Events of one page of them: a millisecond, which commits wait for. */
  firstLoadEventsMax: 256,
  /** Characters of payload in one page of a read, after which the page ends early. */
  pageLengthMax: 1024 * 1024,
  /** Bytes of a payload that is read along with others; a longer one is read by itself, if the page has room for it. */
  shortPayloadMax: 16 * 1024,
  /** Rows of one query: tens of megabytes on two threads, and more than anybody looks at. */
  queryRowsMax: 100_000,
  /** Characters and bytes of the rows of one query, which are in memory three times: on two threads, and on their way. */
  queryLengthMax: 256 * 1024 * 1024,
  /** Dead letters kept in a file; the oldest are dropped. */
  deadLettersMax: 10_000,
  /** Operations of a queue that came to another end than success and are kept; the oldest are removed. */
  operationsKeptMax: 10_000,
  /** How long the idempotency key of an operation outlives it: as long as anybody repeats it, in milliseconds. */
  operationKeyMs: 7 * 24 * 3_600_000,
  /** Operations whose keys are forgotten by one enqueue: more than it adds, and little to wait for. */
  operationKeysForgottenMax: 16,
  /** Operations that expire in one claim: a twentieth of a second of the store. */
  operationsExpiredMax: 256,
  /** Operations that become due in one transaction: as much of the store, which commits of others wait for. */
  operationsMovedMax: 512,
  /** Events of a log that the store thread counts itself: about a millisecond, where a reader takes fifty to start. */
  countedHereMax: 20_000,
  /** Stream heads remembered by the writer, so that an append need not look them up: about 20 MB at the most. */
  streamHeadsMax: 100_000,
} as const;
