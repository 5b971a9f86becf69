import { type HoldfastError, holdfastError } from '../runtime/errors/holdfast-error.ts';
import { nearestName } from '../runtime/errors/nearest-name.ts';
import { decode, encode } from '../runtime/protocol/codec.ts';
import type { HostRequest } from '../runtime/protocol/host-messages.ts';
import { checkName, describe, isReservedType } from '../runtime/protocol/names.ts';
import type { CommandDefinition, Decide } from './define-aggregate.ts';
import { type HostedDefinition, toEvent } from './hosted-definition.ts';
import { messageOf } from './message-of.ts';
import {
  type AnyStateMachine,
  acceptedTypes,
  type Effect,
  type MachineSnapshot,
  step,
} from './xstate-adapter.ts';

/** An event that a decision makes a fact, encoded. */
export interface DecidedEvent {
  readonly type: string;
  readonly payload: string;
}

/** What a request does to an actor, computed and not yet durable. */
export interface Decision {
  readonly events: readonly DecidedEvent[];
  readonly snapshot: MachineSnapshot;
  readonly effects: readonly Effect[];
}

/**
 * Decides a request on a state: the events that follow and the state they lead to, all of them or none. Pure: nothing
 * has happened until the events are durable.
 *
 * @throws HOLDFAST_ERR_EVENT_REJECTED, _TRANSITION_FAILED, _COMMAND_FAILED, _COMMAND_UNKNOWN, _PAYLOAD_INVALID.
 */
export function decide(hosted: HostedDefinition, snapshot: MachineSnapshot, request: HostRequest): Decision {
  if (request.operation === 'send') {
    const { name: type, payload } = request;
    const next = transition(hosted, snapshot, request.address, toEvent(type, payload));
    return { events: [{ type, payload }], ...next };
  }
  return decideCommand(hosted, snapshot, request);
}

function decideCommand(hosted: HostedDefinition, snapshot: MachineSnapshot, request: HostRequest): Decision {
  const events: DecidedEvent[] = [];
  const effects: Effect[] = [];
  let state = snapshot;
  for (const event of runCommand(hosted, snapshot, request)) {
    const { type, ...payload } = event;
    // Encoded before the machine sees it, so that the machine sees what a replay will see.
    const encoded = { type, payload: encode(payload, type) };
    const next = transition(hosted, state, request.address, toEvent(type, encoded.payload));
    events.push(encoded);
    effects.push(...next.effects);
    state = next.snapshot;
  }
  return { events, snapshot: state, effects };
}

function runCommand(
  hosted: HostedDefinition,
  snapshot: MachineSnapshot,
  request: HostRequest,
): { type: string }[] {
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
  return events.map((event) => checkEvent(event, request));
}

function checkEvent(event: unknown, request: HostRequest): { type: string } {
  if (typeof event !== 'object' || event === null || event instanceof Promise) {
    const got = event instanceof Promise ? 'a promise' : describe(event);
    throw commandFailed(
      request,
      `decide must return an event, or an array of events ([] for none), and got ${got}.`,
    );
  }
  const { type } = event as { type?: unknown };
  checkName(`The type of an event decided by "${request.name}"`, type);
  if (isReservedType(type)) throw commandFailed(request, `the type "${type}" is reserved for XState.`);
  return event as { type: string };
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

function commandOf(hosted: HostedDefinition, name: string): Command {
  const commands = hosted.definition.commands as Record<string, Command>;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command !== undefined) return command;
  throw unknownCommand(hosted.definition.kind, name, Object.keys(commands));
}

/** The error of a command that a definition does not have. */
export function unknownCommand(kind: string, name: string, known: readonly string[]): HoldfastError {
  const near = nearestName(name, known);
  const hint =
    near === undefined
      ? `It has ${known.length === 0 ? 'none' : known.join(', ')}.`
      : `Did you mean "${near}"?`;
  return holdfastError('HOLDFAST_ERR_COMMAND_UNKNOWN', `"${kind}" has no command "${name}". ${hint}`);
}

function transition(
  hosted: HostedDefinition,
  snapshot: MachineSnapshot,
  address: string,
  event: { type: string },
): { snapshot: MachineSnapshot; effects: readonly Effect[] } {
  let next: ReturnType<typeof step>;
  try {
    next = step(hosted.machine, snapshot, event);
  } catch (error) {
    const message = `${address} failed on "${event.type}" and stays as it was: ${messageOf(error)}`;
    throw holdfastError('HOLDFAST_ERR_TRANSITION_FAILED', message, undefined, error);
  }
  if (next.accepted) return next;
  throw rejection(address, snapshot, event.type);
}

function rejection(address: string, snapshot: MachineSnapshot, eventType: string): HoldfastError {
  const { value: state, status } = snapshot;
  const accepts = acceptedTypes(snapshot);
  const now = accepts.includes(eventType) ? ' now: a guard refused it' : '';
  const is = `${address} is ${JSON.stringify(state)}${status === 'active' ? '' : ` and ${status}`}`;
  const offer = accepts.length === 0 ? 'nothing' : accepts.map((type) => `"${type}"`).join(', ');
  return holdfastError(
    'HOLDFAST_ERR_EVENT_REJECTED',
    `${is} and does not accept "${eventType}"${now}; it accepts ${offer}.`,
    { address, eventType, state, accepts },
  );
}
