import type { HostLog } from '../../runtime/ports/host-log.ts';
import type { HostProgress } from '../../runtime/ports/host-progress.ts';
import type { LoadedStream, LoadRequest } from '../../runtime/protocol/load.ts';
import type { Instance } from '../definitions/hosted-definition.ts';
import type { EvolutionReports } from '../evolution/evolution-reports.ts';
import { stateOf } from '../evolution/migration.ts';
import { foldPage } from './fold-page.ts';
import type { Place, Resident } from './resident.ts';
import { worksFor, worksForNobody } from './works-for.ts';

/** What was read beside the state: what is kept under the idempotency key, and whose the work is that is under way. */
export type Loaded = Pick<LoadedStream, 'reply' | 'workOwner'>;

/** An instance with its place in the stream. */
interface InstanceAt extends Instance, Place {}

/** How an actor is read. */
interface Reading {
  readonly resident: Resident;
  readonly log: HostLog;
  readonly key: string | null;
  readonly progress: HostProgress;
  readonly reports: EvolutionReports | undefined;
  /** Whether the ids of all events are read, and not only of those that are known to need theirs. */
  readonly allSeeds: boolean;
}

/**
 * Reads an actor from its stream: the newest snapshot that its code can use, then the events after it. The next page
 * is read while this one is folded. If it turns out to need the ids of all events, it is read again with them.
 */
export async function activate(
  resident: Resident,
  log: HostLog,
  key: string | null,
  progress: HostProgress,
  reports?: EvolutionReports,
): Promise<Loaded> {
  for (;;) {
    const allSeeds = resident.hosted.needsSeeds;
    const loaded = await read({ resident, log, key, progress, reports, allSeeds });
    if (loaded !== 'again') return loaded;
  }
}

/** Reads what was appended since, by another process. */
export async function catchUp(
  resident: Resident,
  log: HostLog,
  key: string | null,
  progress: HostProgress,
  reports?: EvolutionReports,
): Promise<Loaded> {
  const { address: stream, committed, tree, hosted } = resident;
  const allSeeds = hosted.needsSeeds;
  const first = await log.load({ stream, after: committed.version, fingerprint: null, key, allSeeds });
  const reading: Reading = { resident, log, key, progress, reports, allSeeds };
  // It may have drawn what it begins with, and its first event, of another process, says otherwise.
  const isBegun = committed.version === 0 && first.types.length > 0 && hosted.beginsWithEntropy;
  const from = isBegun ? { ...committed, ...begun(reading, first) } : { ...committed, tree };
  const loaded = await foldPages(reading, from, first);
  return loaded === 'again' ? activate(resident, log, key, progress, reports) : loaded;
}

async function read(reading: Reading): Promise<Loaded | 'again'> {
  const { resident, log, key, reports, allSeeds } = reading;
  const { address: stream, hosted } = resident;
  const { fingerprint, definition } = hosted;
  resident.snapshotVersion = 0;
  const migrateBelow = definition.migrate === undefined ? 0 : definition.version;
  const first = await log.load({ stream, after: 0, fingerprint, migrateBelow, key, allSeeds });
  const { snapshot } = first;
  const restored =
    snapshot === undefined
      ? undefined
      : computed(reading, () => stateOf(hosted, resident, snapshot, reports));
  if (snapshot !== undefined && restored === undefined) {
    const whole = await log.load({ stream, after: 0, fingerprint: null, key, allSeeds });
    return foldPages(reading, { ...begun(reading, whole), version: 0, head: '' }, whole);
  }
  const version = snapshot?.version ?? 0;
  // One that was migrated is replaced by one of this version with the next event.
  if (snapshot?.fingerprint === fingerprint) resident.snapshotVersion = version;
  const instance = restored ?? begun(reading, first);
  return foldPages(reading, { ...instance, version, head: first.head }, first);
}

/** The beginning of an actor whose stream has this first page. */
function begun(reading: Reading, first: LoadedStream): Instance {
  const { resident } = reading;
  const { hosted } = resident;
  return computed(reading, () =>
    first.types.length === 0 ? hosted.beginOrFail(resident) : hosted.beginReplay(resident, seedOf(first)),
  );
}

/**
 * What code of the user comes to, which runs meanwhile for whoever waits first: that is who an actor that cannot be read
 * costs its host. If nobody waits, it runs for the actor.
 */
function computed<Result>({ resident, progress }: Reading, compute: () => Result): Result {
  worksFor(progress, resident.queue?.[0] ?? { id: 0, address: resident.address });
  try {
    return compute();
  } finally {
    // Also of one that has thrown: what is not there any more is to blame for nothing.
    worksForNobody(progress);
  }
}

/** Where the time and the chance of an actor's beginning are from, if they were asked for. */
function seedOf({ seeds }: LoadedStream): string | undefined {
  return seeds?.[0] ?? undefined;
}

/**
 * The last page is the newest view: what it says besides the events holds for the state that is reached. `'again'` if
 * the ids of all events were needed, and not all were read.
 */
async function foldPages(reading: Reading, from: InstanceAt, first: LoadedStream): Promise<Loaded | 'again'> {
  const { resident, log, key, reports, allSeeds } = reading;
  const { address: stream, hosted } = resident;
  const isInVain = (): boolean => hosted.needsSeeds && !allSeeds;
  let instance: Instance = from;
  let page: LoadedStream = first;
  for (;;) {
    if (isInVain()) return 'again';
    const ahead: LoadRequest = { stream, after: page.version, fingerprint: null, key, allSeeds };
    const next = page.more ? log.load(ahead, 'at-once') : undefined;
    const before = instance;
    try {
      instance = computed(reading, () => foldPage(hosted, resident, before, page, reports));
    } catch (error) {
      next?.catch(() => undefined);
      // It may have thrown because it drew something else than it should have.
      if (!isInVain()) throw error;
    }
    if (next === undefined) break;
    page = await next;
  }
  if (isInVain()) return 'again';
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
