import type { Cause } from './cause.ts';
import type { NewDeadLetter } from './dead-letter.ts';
import type { Consumed } from './delivery.ts';
import type { TimerChange } from './timer.ts';

/** An event for another actor, to be delivered after the commit. */
export interface OutgoingMessage {
  readonly target: string;
  readonly type: string;
  readonly data: string;
  /** As that of a timer. */
  readonly schemaVersion: number | null;
}

/** What a decision writes besides its events. Everything is committed with them or not at all. */
export interface Consequences {
  /** Refuses the whole append, as repeated, if the row is gone: somebody else has delivered it. */
  readonly consumed: Consumed | null;
  readonly timers: readonly TimerChange[];
  readonly messages: readonly OutgoingMessage[];
  /** Whether invoked work is under way from now on; `null` if that has not changed. */
  readonly hasWork: boolean | null;
  /** What could not be delivered, and why. */
  readonly deadLetter: NewDeadLetter | null;
  /** What led to the timers and messages. */
  readonly cause?: Cause | null;
}
