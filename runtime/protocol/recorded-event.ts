/** An event as it is on disk, with its payloads still encoded. */
export interface RecordedEvent {
  readonly position: number;
  readonly id: string;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: string;
  readonly metadata: string | null;
  /** Milliseconds since 1970 by the clock of the machine that recorded it. */
  readonly recordedAt: number;
}
