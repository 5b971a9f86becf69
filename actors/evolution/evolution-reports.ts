import type { SkippedEvent } from '../../runtime/protocol/skipped-event.ts';

/** A `migrate` that threw, or whose result the machine does not take. The stream was replayed. */
export interface FailedMigration {
  readonly address: string;
  /** Version of the stream that the snapshot is at. */
  readonly version: number;
  /** Version of the definition that saved the snapshot. */
  readonly fromVersion: number;
  readonly error: unknown;
}

/** Told of what a definition could not use of the past, while an actor is read. */
export interface EvolutionReports {
  skipped(event: SkippedEvent): void;
  migrateFailed(failure: FailedMigration): void;
}
