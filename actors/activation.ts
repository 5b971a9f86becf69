import type { HostLog } from '../runtime/ports/host-log.ts';
import type { HostProgress } from '../runtime/ports/host-progress.ts';
import type { LoadedStream, LoadRequest } from '../runtime/protocol/load.ts';
import type { Place, Resident } from './resident.ts';

/**
 * Reads an actor from its stream: the newest snapshot that its code can use, then the events after it. The next page
 * is read while this one is folded. Returns what is kept under the idempotency key.
 */
export async function activate(
  resident: Resident,
  log: HostLog,
  key: string | null,
  progress: HostProgress,
): Promise<LoadedStream['reply']> {
  const { address, hosted, id } = resident;
  resident.snapshotVersion = 0;
  const first = await log.load({ stream: address, after: 0, fingerprint: hosted.fingerprint, key });
  const restored = first.snapshot === undefined ? undefined : hosted.restore(first.snapshot.state);
  if (first.snapshot !== undefined && restored === undefined) {
    const whole = await log.load({ stream: address, after: 0, fingerprint: null, key });
    return foldPages(
      resident,
      log,
      { snapshot: hosted.initial(id), version: 0, head: '' },
      whole,
      key,
      progress,
    );
  }
  const version = first.snapshot?.version ?? 0;
  resident.snapshotVersion = version;
  const from: Place = { snapshot: restored ?? hosted.initial(id), version, head: first.head };
  return foldPages(resident, log, from, first, key, progress);
}

/** Reads what was appended since, by another process. Returns what is kept under the idempotency key. */
export async function catchUp(
  resident: Resident,
  log: HostLog,
  key: string | null,
  progress: HostProgress,
): Promise<LoadedStream['reply']> {
  const { address, committed } = resident;
  const first = await log.load({ stream: address, after: committed.version, fingerprint: null, key });
  return foldPages(resident, log, committed, first, key, progress);
}

/** The last page is the newest view: what it says of the key holds for the state that is reached. */
async function foldPages(
  resident: Resident,
  log: HostLog,
  from: Place,
  first: LoadedStream,
  key: string | null,
  progress: HostProgress,
): Promise<LoadedStream['reply']> {
  const { address: stream, hosted } = resident;
  let { snapshot } = from;
  let page: LoadedStream = first;
  for (;;) {
    const ahead: LoadRequest = { stream, after: page.version, fingerprint: null, key };
    const next = page.more ? log.load(ahead, 'at-once') : undefined;
    // Whoever waits first is who an actor that cannot be replayed costs its host.
    progress.working(resident.queue?.[0]?.id ?? 0);
    snapshot = hosted.fold(snapshot, page.types, page.data);
    progress.working(0);
    if (next === undefined) break;
    page = await next;
  }
  const place: Place = { snapshot, version: page.version, head: page.head };
  resident.committed = place;
  resident.position = page.position;
  resident.tip = place;
  return page.reply;
}
