import type { StreamSnapshot } from '../../runtime/protocol/append.ts';
import type { Resident } from './resident.ts';

/** Snapshots of the actors whose next activation would otherwise replay many events. */
export function hotSnapshotsOf(residents: Iterable<Resident>): StreamSnapshot[] {
  const snapshots: StreamSnapshot[] = [];
  for (const resident of residents) {
    const { address, hosted, committed, snapshotVersion, phase, inFlight, tree } = resident;
    if (phase !== 'ready' || inFlight > 0) continue;
    if (committed.version - snapshotVersion < hosted.definition.snapshotEvery / 2) continue;
    const { version, snapshot } = committed;
    const state = hosted.encode({ snapshot, tree }, address);
    if (state !== undefined)
      snapshots.push({ stream: address, version, fingerprint: hosted.fingerprint, state });
  }
  return snapshots;
}
