import type { Cause } from './cause.ts';
import type { ActorPath } from './timer.ts';

/** A row that a delivery takes with it: it is gone in the same transaction that holds what came of it, or not at all. */
export interface Consumed {
  readonly from: 'timers' | 'outbox' | 'dead_letters';
  readonly id: number;
  /** Of a message, the one that must be gone before; 0 or absent for none. */
  readonly after?: number;
}

/** An event that comes from within: a timer, another actor, or work that the actor has invoked. */
export interface Delivery {
  readonly consumed: Consumed | null;
  /** Who in the tree it is for. */
  readonly actor: ActorPath;
  /** For a timer that was set for another actor: passed on as a message, in the transaction that consumes it. */
  readonly passOnTo: string | null;
  /** The address it comes from, if it is a message. */
  readonly sender: string | null;
  /** Of which invoked work it tells; an outcome of work that has been left is dropped. */
  readonly workKey: string | null;
  /** The work that sent it: it is dropped if that has been left when it is decided, perhaps by a step of another process. */
  readonly fromWork?: { readonly actor: ActorPath; readonly key: string } | null;
  /** What led to it; `null` or absent if that is not known. */
  readonly cause?: Cause | null;
  /** At which schema version it has waited; `null` or absent if that is not known. */
  readonly schemaVersion?: number | null;
}

/** How much of what actors wait for there is in a file. */
export interface PendingCounts {
  /** Timers that are still to come. */
  readonly timers: number;
  /** Messages that are not delivered. */
  readonly messages: number;
  /** Actors with invoked work under way, of all processes. */
  readonly work: number;
}

/** A timer that is due, or a message that waits, as the store hands it out. */
export interface PendingDelivery {
  readonly from: 'timers' | 'outbox';
  readonly id: number;
  /** The actor that handles it: who set the timer, or whom the message is for. */
  readonly address: string;
  readonly actor: ActorPath;
  readonly passOnTo: string | null;
  readonly sender: string | null;
  readonly type: string;
  readonly data: string;
  readonly cause?: Cause | null;
  readonly schemaVersion?: number | null;
}

/** What is not to be handed out: deliveries on their way already, and those to where nothing can be delivered for now. */
export interface HeldBack {
  readonly ids: readonly number[];
  readonly addresses: readonly string[];
  readonly kinds: readonly string[];
}

/** Which messages are looked at: those after one of them, to all addresses or to one. */
export interface MessageRange {
  readonly after: number;
  readonly only: string | null;
}
