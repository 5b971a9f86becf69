/** The bounds of the runtime, each with the reason for its number; those of a store are in `store-limits.ts`, those of one file in it. */
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
  /** Items of one message between threads: large enough to be cheap, small enough that both ends work at once. */
  frameItemsMax: 64,
  /** Events of one page of a read: about a millisecond of the reader thread. */
  pageEventsMax: 512,
  /** Reads that the store thread answers before a reader thread is started: what a short program needs. */
  firstReadsMax: 64,
  /** How long the store thread may take for one of them, in milliseconds; a lock or a disk that it waits for may take seconds. */
  firstReadMs: 500,
  /** Events of a log whose seals are checked by whoever asks: some milliseconds, where a thread takes a hundred to start. */
  sealsHereMax: 128,
  /** Events that a lane of projections is given at once: about ten milliseconds of the store when they are applied. */
  projectionEventsMax: 2_048,
  /** Due timers or waiting messages that are handed out at once: enough to fill a group commit several times. */
  deliveriesMax: 1_024,
  /**
   * Requests under way to one host thread; the rest wait in the main thread, where they can still be overtaken. About
   * a quarter of a second of work: enough that throughput no longer grows with it, and little for a quiet actor to wait
   * behind. A power of two, since a request has its mark in shared memory at its number modulo this.
   */
  hostInFlightMax: 8_192,
  /**
   * Characters of the payloads of these, beyond which no more leave: a host has each several times, and its heap has a limit.
   * As many as the largest payload has.
   */
  hostInFlightLengthMax: 16 * 1024 * 1024,
  /**
   * Requests of one actor under way to its host thread: as many as one group commit is still faster for, and few enough
   * that those of others are not long behind.
   */
  actorInFlightMax: 1_024,
  /**
   * What one actor may have been told by its own work and not have kept yet: as much as its mailbox takes by default,
   * which a commit is done with in a quarter of a second.
   */
  actorInputsMax: 4_096,
  /**
   * Unanswered requests of all actors of one host, beyond which one more is refused or waits: about 50 MB of the main
   * thread besides the payloads.
   */
  hostUnansweredMax: 131_072,
  /** Errors of refused commands that are shared by later ones, by actor: about a megabyte with their stacks. */
  refusalsMax: 1_000,
  /** Emitted events on their way to listeners: some megabytes, and a fraction of a second for a fast listener. */
  emittedMax: 10_000,
  /** Actors that are remembered because a host died while their work ran. */
  suspectsMax: 1_000,
  /** How long a thread that was told to end may take, in milliseconds: a thousand times what it takes where V8 looks. */
  threadEndMs: 2_000,
  /** Host threads that may die under a request that none of them had begun; then it is taken for the cause. */
  hostDeathsMax: 3,
  /** Calls of enqueue that share a transaction. */
  enqueueCallsMax: 1_024,
} as const;
