/** Every bound of the product, in one place, each with the reason for its number. */
export const limits = {
  /** Characters of a stream name, an actor address or an event type: keys of indexes, so they stay short. */
  nameLengthMax: 512,
  /** Characters of an idempotency key or event id. */
  keyLengthMax: 256,
  /** Characters of one encoded payload: far above any sane event, far below what SQLite and V8 take. */
  payloadLengthMax: 16 * 1024 * 1024,
  /** Levels of nesting in a payload: reading one back recurses, on threads with stacks of different sizes. */
  payloadDepthMax: 1_000,
  /** Events of one append: they are committed in one transaction, which holds the writer. */
  batchEventsMax: 100_000,
  /** Appends committed together: enough to hide an fsync, few enough that nobody waits long behind the others. */
  groupCommitMax: 4096,
  /** Items of one message between threads: large enough to be cheap, small enough that both ends work at once. */
  frameItemsMax: 64,
  /** Events of one page of a read: about a millisecond of the reader thread. */
  pageEventsMax: 512,
  /** Events of one page of a load: hosts fold a page while the next is read, and a longer one wakes fewer threads. */
  loadEventsMax: 2048,
  /** Characters of payload in one page of a read, after which the page ends early. */
  pageLengthMax: 1024 * 1024,
  /** Due timers or waiting messages that are handed out at once: enough to fill a group commit several times. */
  deliveriesMax: 1_024,
  /** Dead letters kept in a file; the oldest are dropped. */
  deadLettersMax: 10_000,
  /** Stream heads remembered by the writer, so that an append need not look them up: about 20 MB at the most. */
  streamHeadsMax: 100_000,
} as const;
