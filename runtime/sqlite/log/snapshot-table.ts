import type { StreamSnapshot } from '../../protocol/append.ts';
import type { LogWriter } from './log-writer.ts';
import { ownerOf, upsertSnapshot } from './upsert-snapshot.ts';

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
