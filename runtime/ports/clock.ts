/** The only source of wall-clock time, so that tests can move it. */
export interface Clock {
  /** Milliseconds since 1970. May jump in either direction. */
  now(): number;
}

/** The clock of the machine. */
export const systemClock: Clock = { now: () => Date.now() };
