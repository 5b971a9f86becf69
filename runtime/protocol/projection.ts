import type { WireError } from '../errors/wire-error.ts';
import type { Cause } from './cause.ts';

/** What is known of a projection outside of the thread that has its handlers. */
export interface ProjectionSummary {
  readonly name: string;
  readonly version: number;
  /** The statements that make its tables; `null` for one that folds a state. */
  readonly tables: string | null;
  /** What those are called, in lower case: none if they cannot be made. */
  readonly tableNames: readonly string[];
  readonly onError: 'stop' | 'skip';
  /** For a reactor: where it begins in a file that has not seen it. Absent for a projection. */
  readonly startAt?: 'beginning' | 'now';
}

/** A message that an event has led to. */
export interface ReactorMessage {
  readonly position: number;
  readonly target: string;
  readonly type: string;
  readonly data: string;
  /** Of the event, as its receiver has it; `null` if that is not known. */
  readonly schemaVersion: number | null;
  readonly cause: Cause;
}

/** One making of a projection: what its version added up to, or will when it is complete. */
export interface Generation {
  readonly generation: number;
  readonly version: number;
  /** The last event that is in it. */
  readonly position: number;
}

/** What there is of a projection in the file. */
export interface ProjectionStanding {
  /** What queries see; `null` until the first is complete. */
  readonly serving: Generation | null;
  /** What is being made to take its place; `null` if nothing is. */
  readonly building: Generation | null;
}

/** Asks a lane for what the events after a position up to another one do. */
export interface LaneRequest {
  readonly name: string;
  readonly generation: number;
  readonly after: number;
  readonly upTo: number;
  /** The checkpoint of the generation, from which what comes of it will be applied. States are read only there. */
  readonly from: number;
  /** Requests of one round follow each other and nobody else's work; what is in memory is not gone on with in another. */
  readonly round: number;
  /** Events that are passed over, since their handler has ended a thread. */
  readonly skip: readonly number[];
}

/** Where a handler has thrown. */
export interface ProjectionFailure {
  readonly position: number;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  readonly error: WireError;
}

/** What a lane has made of a range of events, unless somebody else has gone on with the generation: then it is `moved`. */
export type LaneOutcome = LaneResult | 'moved';

/** What a lane has made of a range of events. */
export interface LaneResult {
  /** The last event that was looked at: the end of the range, unless its content is large or a handler has failed. */
  readonly reached: number;
  /** {@link LaneEffects}, serialised; `null` if the events do nothing. */
  readonly effects: Uint8Array<ArrayBuffer> | null;
  /** Events whose handler threw and that were passed over. */
  readonly skipped: readonly ProjectionFailure[];
  /** The event after `reached`, if its handler threw and the projection is to stop. */
  readonly failure: ProjectionFailure | null;
}

/** What a range of events does. */
export type LaneEffects =
  | {
      /** Distinct statements. */
      readonly texts: readonly string[];
      /** For each event: its position, how many statements, and for each its index, how many values, and these. */
      readonly calls: readonly unknown[];
    }
  | { readonly messages: readonly ReactorMessage[] }
  | {
      /** The states that have changed, by partition, encoded. */
      readonly states: readonly (readonly [partition: string, state: string])[];
    };

/** Asks the store to apply a range of events to a generation. */
export interface ProjectionBatch {
  readonly name: string;
  readonly generation: number;
  /** Where the generation must be: otherwise somebody else has gone on with it. */
  readonly from: number;
  readonly to: number;
  readonly effects: Uint8Array<ArrayBuffer> | null;
  /** Positions of events whose handler threw and that were passed over. */
  readonly skipped: readonly number[];
  /** Whether nothing comes after it: a generation that is being built takes the place of the one that is served. */
  readonly isLast: boolean;
  /** Whether an event that SQLite refuses is passed over. */
  readonly skipsRefused: boolean;
}

/** What became of a batch. */
export type ProjectionApplied =
  | {
      readonly outcome: 'applied';
      readonly position: number;
      /** Whether any row or state has changed. */
      readonly hasChanged: boolean;
      /** Whether the generation is now the one that is served. */
      readonly isServing: boolean;
      /** Events that SQLite refused and that were passed over. */
      readonly refused: readonly RefusedEvent[];
      /** The event after `position`, if SQLite refused it and the projection is to stop. */
      readonly failure: RefusedEvent | null;
    }
  /** The generation is elsewhere, or gone. */
  | { readonly outcome: 'moved' };

/** An event that SQLite refused. */
export interface RefusedEvent {
  readonly position: number;
  readonly error: WireError;
}
