import { type HoldfastError, holdfastError, isHoldfastError } from '../../runtime/errors/holdfast-error.ts';
import { messageOf } from '../../runtime/errors/message-of.ts';
import { decode } from '../../runtime/protocol/codec.ts';
import type { Delivery } from '../../runtime/protocol/delivery.ts';
import { createEventId } from '../../runtime/protocol/event-id.ts';
import type { HostRequest } from '../../runtime/protocol/host-messages.ts';
import { checkName, describe, isReservedType, reservedTypes } from '../../runtime/protocol/names.ts';
import type { ActorPath } from '../../runtime/protocol/timer.ts';
import type { CommandDefinition, Decide } from '../definitions/define-aggregate.ts';
import { failed, failureToBegin } from '../definitions/hosted-definition.ts';
import { validateEvent } from '../definitions/validate.ts';
import {
  deliveredEntry,
  entryOf,
  failedEntry,
  type JournalEntry,
  type NewEntry,
  startedEntry,
  toEvent,
} from '../journal.ts';
import { type Asked, askedInTurn, askedNothing } from '../steps/asked.ts';
import { Entropy } from '../steps/entropy.ts';
import { refuseUnkeepable } from '../steps/refuse-unkeepable.ts';
import type { Step } from '../steps/stepper.ts';
import {
  type AnyStateMachine,
  acceptedTypes,
  type MachineEvent,
  type MachineSnapshot,
} from '../xstate-adapter.ts';
import type { Deciding, Decision } from './decision.ts';
import { refuseUnkeepableAsked } from './refuse-unkeepable-asked.ts';
import { standingOf } from './standing-of.ts';
import { unknownCommand } from './unknown-command.ts';

/**
 * Decides a request on a state: the events that follow and the state they lead to, all of them or none. Nothing has
 * happened until the events are durable. `newId` makes the ids of the events, which time and chance come from.
 *
 * @throws HOLDFAST_ERR_EVENT_REJECTED, _TRANSITION_FAILED, _COMMAND_FAILED, _COMMAND_UNKNOWN, _PAYLOAD_INVALID.
 */
export function decide(actor: Deciding, request: HostRequest, newId: () => string = createEventId): Decision {
  try {
    return decideOn(actor, request, newId);
  } catch (error) {
    if (isHoldfastError(error)) throw error;
    // Code of the application runs also where it is only looked at, as by a getter, and may throw what is no error.
    const { operation, name, address } = request;
    if (operation === 'execute') throw commandFailed(request, messageOf(error), error);
    throw transitionFailed(address, name || operation, error);
  }
}

function decideOn(actor: Deciding, request: HostRequest, newId: () => string): Decision {
  const failure = failureToBegin(actor.tip.snapshot);
  if (failure !== undefined && request.operation !== 'start') throw failure;
  const id = newId();
  if (request.operation === 'start') return decideStart(actor, request, id);
  const begun = begunWith(actor, id);
  if (begun.tip.version === 0) begun.hosted.refuseUnkeepableBeginning(begun.tip.snapshot);
  switch (request.operation) {
    case 'deliver':
      return decideDelivery(begun, request, id, newId);
    case 'execute':
      return decideCommand(begun, request, id, newId);
    default:
      return decideEvent(begun, request, id);
  }
}

/** A beginning that asked for the time or for chance is durable with the first event, and takes both from its id. */
function begunWith(actor: Deciding, eventId: string): Deciding {
  if (!beginsWithEntropy(actor)) return actor;
  const { address, id, onInput, hosted, tip } = actor;
  const { snapshot, tree } = hosted.begin(actor, undefined, eventId);
  return { address, id, onInput, hosted, tree, tip: { ...tip, snapshot } };
}

function beginsWithEntropy({ tip, hosted }: Deciding): boolean {
  return tip.version === 0 && hosted.beginsWithEntropy;
}

function decideEvent(actor: Deciding, { name: type, payload }: HostRequest, id: string): Decision {
  const { tip, tree } = actor;
  const entropy = new Entropy(id);
  const next = entropy.within(() => transition(actor, tip.snapshot, tip.version + 1, toEvent(type, payload)));
  const asked = tip.version === 0 ? askedInTurn(begun(actor, id), next.asked) : next.asked;
  const entry = { type, payload, id, usesEntropy: entropy.isUsed || beginsWithEntropy(actor) };
  return { events: [entry], snapshot: next.snapshot, asked, tree };
}

function decideCommand(
  actor: Deciding,
  request: HostRequest,
  firstId: string,
  newId: () => string,
): Decision {
  const { tip, tree } = actor;
  const events: NewEntry[] = [];
  let state = tip.snapshot;
  let asked = askedNothing;
  for (const event of runCommand(actor, request)) {
    // Encoded before the machine sees it, so that the machine sees what a replay will see.
    const entry = entryOf(event);
    const version = tip.version + events.length + 1;
    const isFirst = events.length === 0;
    const id = isFirst ? firstId : newId();
    const from = state;
    const entropy = new Entropy(id);
    const next = entropy.within(() => transition(actor, from, version, toEvent(entry.type, entry.payload)));
    events.push({ ...entry, id, usesEntropy: entropy.isUsed || (isFirst && beginsWithEntropy(actor)) });
    asked = askedInTurn(asked, next.asked);
    state = next.snapshot;
  }
  if (tip.version === 0 && events.length > 0) asked = askedInTurn(begun(actor, firstId), asked);
  return { events, snapshot: state, asked, tree };
}

/** A start with an input begins the machine anew, with that input. One of an actor that has begun decides on nothing. */
function decideStart(actor: Deciding, { payload, address }: HostRequest, eventId: string): Decision {
  const { tip, tree, hosted, id } = actor;
  const given = payload === '' ? undefined : { input: decode(payload) };
  if (tip.version > 0) {
    if (given === undefined) return { events: [], snapshot: tip.snapshot, asked: askedNothing, tree };
    throw holdfastError(
      'HOLDFAST_ERR_EVENT_REJECTED',
      `${address} has begun: an input is given to its first start only. Call start() without one.`,
      { address, eventType: 'start', state: tip.snapshot.value, accepts: acceptedTypes(tip.snapshot) },
    );
  }
  const input = given === undefined ? hosted.definition.input?.(id) : given.input;
  const instance = hosted.begin(actor, { input }, eventId);
  hosted.refuseUnkeepableBeginning(instance.snapshot);
  const asked = hosted.initiallyAsked(id, instance, eventId, { input });
  const entry = { ...startedEntry(input), id: eventId, usesEntropy: hosted.beginsWithEntropy };
  return { events: [entry], snapshot: instance.snapshot, asked, tree: instance.tree };
}

/** What comes from within: a timer, a message or the outcome of work. What is not accepted decides on nothing. */
function decideDelivery(
  actor: Deciding,
  request: HostRequest,
  eventId: string,
  newId: () => string,
): Decision {
  const { address, id, onInput, hosted, tree, tip } = actor;
  const { name, delivery } = request;
  let decision: Decision = { events: [], snapshot: tip.snapshot, asked: askedNothing, tree };
  if (delivery === null) return decision;
  if (delivery.passOnTo !== null) {
    const { schemaVersion = null, passOnTo: target } = delivery;
    const messages = [{ target, event: toEvent(name, request.payload), schemaVersion }];
    return { ...decision, asked: { ...askedNothing, messages } };
  }
  const { fromWork = null } = delivery;
  if (fromWork !== null && tree?.workKeyAt(fromWork.actor) !== fromWork.key) return decision;
  if (delivery.workKey !== null && tree?.workKeyAt(delivery.actor) !== delivery.workKey) return decision;
  const delivered = eventsOf(actor, request);
  decision = { ...decision, delivered };
  if (delivered.length === 0) return decision;
  for (const event of delivered) {
    const at = { ...tip, snapshot: decision.snapshot, version: tip.version + decision.events.length };
    const nextId = decision.events.length === 0 ? eventId : newId();
    const there = { address, id, onInput, hosted, tree, tip: at };
    decision = afterDelivered(there, event, delivery, nextId, decision);
    if (decision.snapshot.status !== 'active') break;
  }
  // Of a timer that became a dead letter, somebody waits to be told.
  const isRefused = decision.events.length === 0 && delivery.consumed?.from === 'dead_letters';
  if (isRefused) throw rejection(address, tip.snapshot, name);
  return decision;
}

/** What is delivered, as an event of today: upcasters may make several of it, or none. */
function eventsOf({ hosted, address }: Deciding, { name, payload, delivery }: HostRequest): MachineEvent[] {
  const schemaVersion = delivery?.schemaVersion ?? null;
  if (schemaVersion === null) return [toEvent(name, payload)];
  const current = hosted.upcasting.waited(address, { type: name, data: payload, schemaVersion });
  return current.map(({ type, data }) => toEvent(type, data));
}

/** A decision with one more event that is delivered; the same if that is not accepted. */
function afterDelivered(
  actor: Deciding,
  event: MachineEvent,
  { consumed, actor: path }: Delivery,
  id: string,
  before: Decision,
): Decision {
  const first = actor.tip.version === 0 ? begun(actor, id) : askedNothing;
  const entropy = new Entropy(id);
  const outcome = outcomeWithin(actor, event, path, first, entropy);
  if (outcome === undefined) return before;
  if (consumed?.from === 'dead_letters') {
    if ('refusal' in outcome) throw transitionFailed(actor.address, event.type, outcome.refusal);
    const { status, error } = outcome.snapshot;
    if (status === 'error') throw transitionFailed(actor.address, event.type, error);
  }
  const { entry, snapshot, asked } =
    'refusal' in outcome ? ended(actor, event, outcome.refusal, first) : outcome;
  const made = { ...entry, id, usesEntropy: entropy.isUsed || beginsWithEntropy(actor) };
  return {
    events: [...before.events, made],
    snapshot,
    asked: askedInTurn(before.asked, asked),
    tree: before.tree,
  };
}

/** What an event from within comes to. */
interface Outcome extends Pick<Decision, 'snapshot' | 'asked'> {
  readonly entry: JournalEntry;
}

/**
 * What an event from within comes to, or why that cannot be: the machine threw, or led to a state or asked for something
 * that cannot be kept. Nothing escapes: nobody waits who could be told, or who would stop trying. `undefined` for an event
 * that is not accepted; `first` is what beginning asks for.
 */
function outcomeWithin(
  { tip, hosted, tree, id }: Deciding,
  event: MachineEvent,
  actor: ActorPath,
  first: Asked,
  entropy: Entropy,
): Outcome | { readonly refusal: unknown } | undefined {
  const input = { event, actor, id, version: tip.version + 1, isInternal: true };
  try {
    const next = entropy.within(() => hosted.stepperOf({ tree }).step(tip.snapshot, input));
    if (!next.accepted) return undefined;
    const { snapshot } = next;
    refuseUnkeepable(tip.snapshot, snapshot);
    // What a child throws fails it anew in each replay, and its parents with it.
    if (snapshot.status === 'error' && actor === '') return { refusal: snapshot.error };
    const asked = askedInTurn(first, next.asked);
    refuseUnkeepableAsked(asked, hosted);
    return { entry: deliveredEntry(actor, event), snapshot, asked };
  } catch (refusal) {
    return { refusal };
  }
}

/**
 * Nobody waits who could be told: the actor ends in status `error`. A replay knows no more than that it failed, so what it
 * changed and asked for before has not been.
 */
function ended({ tip, tree, hosted }: Deciding, event: MachineEvent, error: unknown, first: Asked): Outcome {
  const snapshot = tree === undefined ? failed(tip.snapshot, error) : tree.fail(error, tip.snapshot);
  const timers = [{ change: 'cancel-all', actor: '' }] as const;
  const last = tree === undefined ? { ...askedNothing, timers } : tree.askedAtTheEnd();
  const asked = askedInTurn(canBeKept(first, hosted) ? first : askedNothing, last);
  return { entry: failedEntry(event, error), snapshot, asked };
}

function canBeKept(asked: Asked, hosted: Deciding['hosted']): boolean {
  try {
    refuseUnkeepableAsked(asked, hosted);
    return true;
  } catch {
    return false;
  }
}

/** What beginning asks for is carried out with the first event. */
function begun({ hosted, id, tree }: Deciding, eventId: string): Asked {
  return hosted.initiallyAsked(id, { tree }, eventId);
}

function runCommand({ hosted, tip: { snapshot } }: Deciding, request: HostRequest): MachineEvent[] {
  const command = commandOf(hosted, request.name);
  const run = typeof command === 'function' ? command : command.decide;
  let decided: unknown;
  try {
    decided = run({
      context: snapshot.context,
      state: snapshot.value,
      input: decode(request.payload),
    } as never);
  } catch (error) {
    throw commandFailed(request, messageOf(error), error);
  }
  const events: unknown[] = Array.isArray(decided) ? decided : [decided];
  // They are refused. What one of them rejects with, nobody would hear, and that ends a thread with all that is on it.
  for (const event of events) if (event instanceof Promise) event.catch(() => undefined);
  return events.map((event) => validated(checkEvent(event, request), hosted.definition.events));
}

/** As whoever sends an event would have it checked. */
function validated(event: MachineEvent, schemas: object): MachineEvent {
  const { type, ...data } = event;
  const made = validateEvent(schemas, type, data);
  return made === data ? event : { ...(made as object), type };
}

function checkEvent(event: unknown, request: HostRequest): MachineEvent {
  if (typeof event !== 'object' || event === null || event instanceof Promise) {
    const got = event instanceof Promise ? 'a promise' : describe(event);
    throw commandFailed(
      request,
      `decide must return an event, or an array of events ([] for none), and got ${got}.`,
    );
  }
  const { type } = event as { type?: unknown };
  checkName(`The type of an event decided by "${request.name}"`, type);
  if (isReservedType(type)) throw commandFailed(request, `the type "${type}" is reserved: ${reservedTypes}.`);
  return event as MachineEvent;
}

function commandFailed({ address, name }: HostRequest, why: string, cause?: unknown): HoldfastError {
  return holdfastError(
    'HOLDFAST_ERR_COMMAND_FAILED',
    `${address} refused the command "${name}": ${why}`,
    undefined,
    cause,
  );
}

type Command = CommandDefinition<AnyStateMachine, unknown> | Decide<AnyStateMachine, unknown>;

function commandOf(hosted: Deciding['hosted'], name: string): Command {
  const commands = hosted.definition.commands as Record<string, Command>;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command !== undefined) return command;
  throw unknownCommand(hosted.definition.kind, name, Object.keys(commands));
}

function transition(
  { hosted, tree, id, address }: Deciding,
  snapshot: MachineSnapshot,
  version: number,
  event: MachineEvent,
): Step & { readonly accepted: true } {
  let next: Step;
  try {
    next = hosted.stepperOf({ tree }).step(snapshot, { event, actor: '', id, version, isInternal: false });
    if (next.accepted) refuseUnkeepable(snapshot, next.snapshot);
  } catch (error) {
    throw transitionFailed(address, event.type, error);
  }
  if (next.accepted) return next;
  throw rejection(address, snapshot, event.type);
}

function transitionFailed(address: string, eventType: string, error: unknown): HoldfastError {
  const message = `${address} failed on "${eventType}" and stays as it was: ${messageOf(error)}`;
  return holdfastError('HOLDFAST_ERR_TRANSITION_FAILED', message, undefined, error);
}

function rejection(address: string, snapshot: MachineSnapshot, eventType: string): HoldfastError {
  const { value: state } = snapshot;
  const accepts = acceptedTypes(snapshot);
  const now = accepts.includes(eventType) ? ' now: its guard refused it, or the state forbids it' : '';
  const is = `${address} is ${standingOf(snapshot)}`;
  const others = accepts.filter((type) => type !== eventType);
  const offer = others.length === 0 ? 'nothing' : others.map((type) => `"${type}"`).join(', ');
  return holdfastError(
    'HOLDFAST_ERR_EVENT_REJECTED',
    `${is} and does not accept "${eventType}"${now}; it accepts ${offer}${now === '' ? '' : ' else'}.`,
    { address, eventType, state, accepts },
  );
}
