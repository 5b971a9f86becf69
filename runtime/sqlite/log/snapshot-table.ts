import type { StreamSnapshot } from '../../protocol/append.ts';
import type { LogWriter } from './log-writer.ts';

/** Replaces the snapshot of a stream, unless it is newer and made by the same code. */
export const upsertSnapshot = `
  insert into snapshots values (?, ?, ?, ?, ?, ?) on conflict (stream, owner) do update set version = excluded.version,
    fingerprint = excluded.fingerprint, state = excluded.state, recorded_at = excluded.recorded_at
  where excluded.version >= snapshots.version or excluded.fingerprint <> snapshots.fingerprint`;

/** Snapshots of actors carry a fingerprint; those that a caller of the store saves are its own, beside them. */
export function ownerOf(fingerprint: string): 'actor' | 'caller' {
  return fingerprint === '' ? 'caller' : 'actor';
}

/** Saves snapshots outside of appends. The newest of a stream is kept, and replaced by an older one only if other code made that. */
export class SnapshotTable {
  readonly #writer: LogWriter;

  constructor(writer: LogWriter) {
    this.#writer = writer;
  }

  save(snapshots: readonly StreamSnapshot[], recordedAt: number): void {
    this.#writer.write((database) => {
      const upsert = database.prepare(upsertSnapshot);
      for (const { stream, version, fingerprint, state } of snapshots) {
        upsert.run(stream, ownerOf(fingerprint), version, fingerprint, state, recordedAt);
      }
    });
  }
}
