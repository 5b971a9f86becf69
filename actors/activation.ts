import type { HostLog } from '../runtime/ports/host-log.ts';
import type { HostProgress } from '../runtime/ports/host-progress.ts';
import type { LoadedStream, LoadRequest } from '../runtime/protocol/load.ts';
import type { EvolutionReports } from './evolution-reports.ts';
import { foldPage } from './fold-page.ts';
import type { Instance } from './hosted-definition.ts';
import { stateOf } from './migration.ts';
import type { Place, Resident } from './resident.ts';

/** What was read beside the state: what is kept under the idempotency key, and whose the work is that is under way. */
export type Loaded = Pick<LoadedStream, 'reply' | 'workOwner'>;

/** An instance with its place in the stream. */
interface InstanceAt extends Instance, Place {}

/**
 * Reads an actor from its stream: the newest snapshot that its code can use, then the events after it. The next page
 * is read while this one is folded.
 */
export async function activate(
  resident: Resident,
  log: HostLog,
  key: string | null,
  progress: HostProgress,
  reports?: EvolutionReports,
): Promise<Loaded> {
  const { address, hosted } = resident;
  const { fingerprint, definition } = hosted;
  resident.snapshotVersion = 0;
  const migrateBelow = definition.migrate === undefined ? 0 : definition.version;
  const first = await log.load({ stream: address, after: 0, fingerprint, migrateBelow, key });
  const restored =
    first.snapshot === undefined ? undefined : stateOf(hosted, resident, first.snapshot, reports);
  if (first.snapshot !== undefined && restored === undefined) {
    const whole = await log.load({ stream: address, after: 0, fingerprint: null, key });
    const start = { ...hosted.beginOrFail(resident, seedOf(whole)), version: 0, head: '' };
    return foldPages(resident, log, start, whole, key, progress, reports);
  }
  const version = first.snapshot?.version ?? 0;
  // One that was migrated is replaced by one of this version with the next event.
  if (first.snapshot?.fingerprint === fingerprint) resident.snapshotVersion = version;
  const instance = restored ?? hosted.beginOrFail(resident, seedOf(first));
  return foldPages(resident, log, { ...instance, version, head: first.head }, first, key, progress, reports);
}

/** What an actor begins with that asked for the time or for chance when its first event was decided. */
function seedOf({ seeds, version, types }: LoadedStream): string | undefined {
  return version === types.length ? (seeds?.[0] ?? undefined) : undefined;
}

/** Reads what was appended since, by another process. */
export async function catchUp(
  resident: Resident,
  log: HostLog,
  key: string | null,
  progress: HostProgress,
  reports?: EvolutionReports,
): Promise<Loaded> {
  const { address, committed, tree, hosted } = resident;
  const first = await log.load({ stream: address, after: committed.version, fingerprint: null, key });
  const seed = committed.version === 0 ? seedOf(first) : undefined;
  // It has drawn what it begins with, and its first event, of another process, says otherwise.
  const from =
    seed === undefined ? { ...committed, tree } : { ...committed, ...hosted.beginOrFail(resident, seed) };
  return foldPages(resident, log, from, first, key, progress, reports);
}

/** The last page is the newest view: what it says besides the events holds for the state that is reached. */
async function foldPages(
  resident: Resident,
  log: HostLog,
  from: InstanceAt,
  first: LoadedStream,
  key: string | null,
  progress: HostProgress,
  reports: EvolutionReports | undefined,
): Promise<Loaded> {
  const { address: stream, hosted } = resident;
  let instance: Instance = from;
  let page: LoadedStream = first;
  for (;;) {
    const ahead: LoadRequest = { stream, after: page.version, fingerprint: null, key };
    const next = page.more ? log.load(ahead, 'at-once') : undefined;
    // Whoever waits first is who an actor that cannot be replayed costs its host.
    progress.working(resident.queue?.[0]?.id ?? 0);
    instance = foldPage(hosted, resident, instance, page, reports);
    progress.working(0);
    if (next === undefined) break;
    page = await next;
  }
  const { snapshot, tree } = instance;
  const place: Place = { snapshot, version: page.version, head: page.head };
  resident.committed = place;
  resident.position = page.position;
  resident.tip = place;
  resident.tree = tree;
  resident.treeSteps = tree?.steps ?? 0;
  resident.hasWork = page.workOwner !== null;
  return page;
}
