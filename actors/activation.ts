import type { HostLog } from '../runtime/ports/host-log.ts';
import type { LoadedStream, LoadRequest } from '../runtime/protocol/load.ts';
import type { EvolutionReports } from './evolution-reports.ts';
import { foldPage } from './fold-page.ts';
import { stateOf } from './migration.ts';
import type { Place, Resident } from './resident.ts';

/**
 * Reads an actor from its stream: the newest snapshot that its code can use, then the events after it. The next page
 * is read while this one is folded. Returns what is kept under the idempotency key.
 */
export async function activate(
  resident: Resident,
  log: HostLog,
  key: string | null,
  reports?: EvolutionReports,
): Promise<LoadedStream['reply']> {
  const { address, hosted, id } = resident;
  const { fingerprint, definition } = hosted;
  resident.snapshotVersion = 0;
  const migrateBelow = definition.migrate === undefined ? 0 : definition.version;
  const first = await log.load({ stream: address, after: 0, fingerprint, migrateBelow, key });
  const restored =
    first.snapshot === undefined ? undefined : stateOf(hosted, address, first.snapshot, reports);
  if (first.snapshot !== undefined && restored === undefined) {
    const whole = await log.load({ stream: address, after: 0, fingerprint: null, key });
    const start: Place = { snapshot: hosted.initial(id), version: 0, head: '' };
    return foldPages(resident, log, start, whole, key, reports);
  }
  const version = first.snapshot?.version ?? 0;
  // One that was migrated is replaced by one of this version with the next event.
  if (first.snapshot?.fingerprint === fingerprint) resident.snapshotVersion = version;
  const from: Place = { snapshot: restored ?? hosted.initial(id), version, head: first.head };
  return foldPages(resident, log, from, first, key, reports);
}

/** Reads what was appended since, by another process. Returns what is kept under the idempotency key. */
export async function catchUp(
  resident: Resident,
  log: HostLog,
  key: string | null,
  reports?: EvolutionReports,
): Promise<LoadedStream['reply']> {
  const { address, committed } = resident;
  const first = await log.load({ stream: address, after: committed.version, fingerprint: null, key });
  return foldPages(resident, log, committed, first, key, reports);
}

/** The last page is the newest view: what it says of the key holds for the state that is reached. */
async function foldPages(
  resident: Resident,
  log: HostLog,
  from: Place,
  first: LoadedStream,
  key: string | null,
  reports: EvolutionReports | undefined,
): Promise<LoadedStream['reply']> {
  const { address: stream, hosted } = resident;
  let { snapshot } = from;
  let page: LoadedStream = first;
  for (;;) {
    const ahead: LoadRequest = { stream, after: page.version, fingerprint: null, key };
    const next = page.more ? log.load(ahead, 'at-once') : undefined;
    snapshot = foldPage(hosted, stream, snapshot, page, reports);
    if (next === undefined) break;
    page = await next;
  }
  const place: Place = { snapshot, version: page.version, head: page.head };
  resident.committed = place;
  resident.position = page.position;
  resident.tip = place;
  return page.reply;
}
