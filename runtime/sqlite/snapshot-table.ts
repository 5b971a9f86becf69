import type { EncodedSnapshot } from '../protocol/append.ts';
import type { LogWriter } from './log-writer.ts';

/** Saves snapshots outside of appends. The newest of a stream is kept, and never replaced by an older one. */
export class SnapshotTable {
  readonly #writer: LogWriter;

  constructor(writer: LogWriter) {
    this.#writer = writer;
  }

  save(stream: string, snapshot: EncodedSnapshot, recordedAt: number): void {
    const { version, fingerprint, state } = snapshot;
    this.#writer.write((database) =>
      database
        .prepare(
          `insert into snapshots values (?, ?, ?, ?, ?) on conflict (stream) do update set version = excluded.version,
             fingerprint = excluded.fingerprint, state = excluded.state, recorded_at = excluded.recorded_at
           where excluded.version >= snapshots.version or excluded.fingerprint <> snapshots.fingerprint`,
        )
        .run(stream, version, fingerprint, state, recordedAt),
    );
  }
}
