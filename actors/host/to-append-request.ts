import type { AppendRequest, EncodedEvent, EncodedSnapshot } from '../../runtime/protocol/append.ts';
import { type Cause, correlationOf, metadataOfDelivery } from '../../runtime/protocol/cause.ts';
import { decode, encode } from '../../runtime/protocol/codec.ts';
import { entropyKey } from '../../runtime/protocol/entropy-key.ts';
import type { HostRequest } from '../../runtime/protocol/host-messages.ts';
import { sealEvent } from '../../runtime/protocol/seal-event.ts';
import { asksAnything } from '../steps/asked.ts';
import { consequencesOf } from './consequences-of.ts';
import type { Decision } from './decision.ts';
import { refuseUnkeepableEmitted } from './refuse-unkeepable-asked.ts';
import { replyToKeep } from './repeated-command.ts';
import type { Place, Resident } from './resident.ts';

/**
 * The append that makes a decision durable, and the place the actor is at afterwards. Events are sealed here rather
 * than by the writer, whose time all actors share: the event before them is known, and the writer checks that it is
 * still the last.
 *
 * @throws HOLDFAST_ERR_PAYLOAD_INVALID for a delayed event, a message or an emitted event that cannot be kept.
 */
export function toAppendRequest(
  resident: Resident,
  request: HostRequest,
  decision: Decision,
): { append: AppendRequest; after: Place; cause: Cause | null } {
  const { address: stream, tip, hosted } = resident;
  const { idempotencyKey, fingerprint } = request;
  const given = metadataOf(request);
  refuseUnkeepableEmitted(decision.asked);
  let head = tip.head;
  const events = decision.events.map(({ id, type, payload: data, usesEntropy }): EncodedEvent => {
    const metadata = usesEntropy ? withEntropyKey(given) : given;
    const schemaVersion = hosted.upcasting.schemaVersionOf(type);
    const hash = sealEvent({ id, stream, type, schemaVersion, data, metadata }, head);
    head = id;
    return { id, type, schemaVersion, data, metadata, hash };
  });
  const after: Place = { snapshot: decision.snapshot, version: tip.version + events.length, head };
  const cause = causeOf(given, request, decision);
  const consequences = consequencesOf(resident, request, decision);
  const append: AppendRequest = {
    stream,
    events,
    expectedVersion: tip.version,
    expectedHead: tip.head,
    idsAreKeys: false,
    idempotencyKey,
    fingerprint,
    reply: idempotencyKey === null ? null : replyToKeep(decision.snapshot.value, decision.snapshot.status),
    snapshot: snapshotDue(resident, decision, after),
    consequences: consequences === null ? null : { ...consequences, cause },
  };
  return { append, after, cause };
}

/** An event that another one has led to says so, and who has sent it. */
function metadataOf({ metadata, delivery }: HostRequest): string | null {
  return delivery === null ? metadata : (metadataOfDelivery(delivery) ?? metadata);
}

/** What led to everything that a decision asks for; `null` if it asks for nothing. */
function causeOf(given: string | null, { delivery }: HostRequest, { asked, events }: Decision): Cause | null {
  if (!asksAnything(asked)) return null;
  const [first] = events;
  const last = events.at(-1);
  if (first === undefined || last === undefined) return delivery?.cause ?? null;
  return { correlationId: correlationOf(given, first.id), causationId: last.id };
}

/** Says with the event that its replay takes time and chance from its id. */
function withEntropyKey(metadata: string | null): string {
  return encode({ ...(decode(metadata ?? '{}') as object), [entropyKey]: true });
}

function snapshotDue(
  { hosted, snapshotVersion, address }: Resident,
  { tree }: Decision,
  { version, snapshot }: Place,
): EncodedSnapshot | null {
  if (version - snapshotVersion < hosted.definition.snapshotEvery) return null;
  const state = hosted.encode({ snapshot, tree }, address);
  return state === undefined ? null : { version, fingerprint: hosted.fingerprint, state };
}

/** Whether a decision without events is written all the same: its key, or what it has consumed. */
export function mustBeWritten({ idempotencyKey, delivery }: HostRequest): boolean {
  return idempotencyKey !== null || (delivery !== null && delivery.consumed !== null);
}
