/** Replaces the snapshot of a stream, unless it is newer and made by the same code. */
export const upsertSnapshot = `
  insert into snapshots values (?, ?, ?, ?, ?, ?) on conflict (stream, owner) do update set version = excluded.version,
    fingerprint = excluded.fingerprint, state = excluded.state, recorded_at = excluded.recorded_at
  where excluded.version >= snapshots.version or excluded.fingerprint <> snapshots.fingerprint`;

/** Snapshots of actors carry a fingerprint; those that a caller of the store saves are its own, beside them. */
export function ownerOf(fingerprint: string): 'actor' | 'caller' {
  return fingerprint === '' ? 'caller' : 'actor';
}
