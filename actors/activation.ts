import type { HostLog } from '../runtime/ports/host-log.ts';
import type { LoadedStream, LoadRequest } from '../runtime/protocol/load.ts';
import type { Instance } from './hosted-definition.ts';
import type { Place, Resident } from './resident.ts';

/** What was read beside the state: what is kept under the idempotency key, and whose the work is that is under way. */
export type Loaded = Pick<LoadedStream, 'reply' | 'workOwner'>;

/** An instance with its place in the stream. */
interface InstanceAt extends Instance, Place {}

/**
 * Reads an actor from its stream: the newest snapshot that its code can use, then the events after it. The next page
 * is read while this one is folded.
 */
export async function activate(resident: Resident, log: HostLog, key: string | null): Promise<Loaded> {
  const { address, hosted } = resident;
  resident.snapshotVersion = 0;
  const first = await log.load({ stream: address, after: 0, fingerprint: hosted.fingerprint, key });
  const restored = first.snapshot === undefined ? undefined : hosted.restore(first.snapshot.state, resident);
  if (first.snapshot !== undefined && restored === undefined) {
    const whole = await log.load({ stream: address, after: 0, fingerprint: null, key });
    return foldPages(resident, log, { ...hosted.beginOrFail(resident), version: 0, head: '' }, whole, key);
  }
  const version = first.snapshot?.version ?? 0;
  resident.snapshotVersion = version;
  const instance = restored ?? hosted.beginOrFail(resident);
  return foldPages(resident, log, { ...instance, version, head: first.head }, first, key);
}

/** Reads what was appended since, by another process. */
export async function catchUp(resident: Resident, log: HostLog, key: string | null): Promise<Loaded> {
  const { address, committed, tree } = resident;
  const first = await log.load({ stream: address, after: committed.version, fingerprint: null, key });
  return foldPages(resident, log, { ...committed, tree }, first, key);
}

/** The last page is the newest view: what it says besides the events holds for the state that is reached. */
async function foldPages(
  resident: Resident,
  log: HostLog,
  from: InstanceAt,
  first: LoadedStream,
  key: string | null,
): Promise<Loaded> {
  const { address: stream, hosted } = resident;
  let instance: Instance = from;
  let { version } = from;
  let page: LoadedStream = first;
  for (;;) {
    const ahead: LoadRequest = { stream, after: page.version, fingerprint: null, key };
    const next = page.more ? log.load(ahead, 'at-once') : undefined;
    instance = hosted.fold(instance, resident, version + 1, page.types, page.data);
    version = page.version;
    if (next === undefined) break;
    page = await next;
  }
  const { snapshot, tree } = instance;
  const place: Place = { snapshot, version, head: page.head };
  resident.committed = place;
  resident.position = page.position;
  resident.tip = place;
  resident.tree = tree;
  resident.treeSteps = tree?.steps ?? 0;
  resident.hasWork = page.workOwner !== null;
  return page;
}
