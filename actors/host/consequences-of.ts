import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import type { Consequences } from '../../runtime/protocol/consequences.ts';
import { type NewDeadLetter, undelivered } from '../../runtime/protocol/dead-letter.ts';
import type { HostRequest } from '../../runtime/protocol/host-messages.ts';
import { describe } from '../../runtime/protocol/names.ts';
import type { Recipient, TimerChange } from '../../runtime/protocol/timer.ts';
import type { HostedDefinition } from '../definitions/hosted-definition.ts';
import { schemaVersionAt } from '../definitions/schema-version-at.ts';
import { entryOf, madeEntryOf } from '../journal.ts';
import {
  type Asked,
  type AskedMessage,
  type AskedTimer,
  asksAnything,
  type WorkDescription,
} from '../steps/asked.ts';
import type { Decision } from './decision.ts';
import type { Resident } from './resident.ts';
import { standingOf } from './standing-of.ts';

/** What a decision writes besides its events; `null` for nothing, which is nearly always. */
export function consequencesOf(
  { hosted, hasWork: hadWork, ownsWork, tip }: Resident,
  request: HostRequest,
  { asked, tree, events, snapshot, delivered }: Decision,
): Consequences | null {
  const { delivery } = request;
  const consumed = delivery?.consumed ?? null;
  // An actor begins with its first event: what its beginning invokes is not under way before.
  const hasBegun = tip.version + events.length > 0;
  const active = hasBegun ? (tree?.activeWork() ?? []) : [];
  const hasWork = active.length > 0;
  if (consumed === null && hasWork === hadWork && !asksAnything(asked)) return null;
  const isUnaccepted =
    events.length === 0 && delivered?.length !== 0 && delivery?.passOnTo === null && delivery.sender !== null;
  return {
    consumed,
    timers: asked.timers.map((timer) => toTimerChange(timer, hosted)),
    messages: asked.messages.map((message) => toMessage(message, hosted)),
    hasWork: hasWork !== hadWork || (!ownsWork && startsAll(asked, active)) ? hasWork : null,
    deadLetter: isUnaccepted ? unaccepted(request, hosted, snapshot, delivered) : null,
  };
}

/** Whether a step starts all work that is then under way: whoever had some before has nothing of it any more. */
function startsAll({ effects }: Asked, active: readonly WorkDescription[]): boolean {
  const started = new Set(effects.map((effect) => (effect.kind === 'start' ? effect.work.key : undefined)));
  return active.length > 0 && active.every(({ key }) => started.has(key));
}

/** The message of a transition, encoded. */
export function toMessage(
  { target, event, schemaVersion }: AskedMessage,
  hosted: HostedDefinition,
): Consequences['messages'][number] {
  const { type, payload: data } = madeEntryOf(event);
  const current = schemaVersion === undefined ? schemaVersionAt(hosted.others, target, type) : schemaVersion;
  return { target, type, data, schemaVersion: current };
}

/** The change of a timer, its event encoded. */
export function toTimerChange(timer: AskedTimer, hosted: HostedDefinition): TimerChange {
  // XState calls no function for an id, and hands on whatever it was given.
  if (timer.change !== 'cancel-all' && typeof timer.name !== 'string') throw noTimerName(timer.name);
  if (timer.change !== 'set') return timer;
  const { event, ...rest } = timer;
  const { type, payload: data } = madeEntryOf(event);
  return {
    ...rest,
    type,
    data,
    schemaVersion: schemaVersionFor(rest.to, type, hosted),
    policy: hosted.definition.timers,
  };
}

/** What comes to a part of a tree is journaled as that, and passes through no upcaster. */
function schemaVersionFor(to: Recipient, type: string, hosted: HostedDefinition): number | null {
  if ('address' in to) return schemaVersionAt(hosted.others, to.address, type);
  return to.actor === '' ? hosted.upcasting.schemaVersionOf(type) : null;
}

function noTimerName(name: unknown): Error {
  return holdfastError(
    'HOLDFAST_ERR_PAYLOAD_INVALID',
    `The id of a delayed event must be a string, got ${describe(name)}. Nothing was written.`,
    { path: 'id' },
  );
}

/** The letter holds the event of today, as it was not accepted; of several that were made of it, what was sent. */
function unaccepted(
  { address, name, payload, delivery }: HostRequest,
  hosted: HostedDefinition,
  snapshot: Decision['snapshot'],
  delivered: Decision['delivered'] = [],
): NewDeadLetter {
  const [event, another] = delivered;
  const isAsSent = event === undefined || another !== undefined;
  const { type, payload: data } = isAsSent ? { type: name, payload } : entryOf(event);
  const schemaVersion = isAsSent ? delivery?.schemaVersion : hosted.upcasting.schemaVersionOf(type);
  const detail = `${delivery?.sender} sent it, and ${address} is ${standingOf(snapshot)} and does not accept it.`;
  return { ...undelivered({ address, type, data, reason: 'not-accepted', detail }, delivery), schemaVersion };
}
