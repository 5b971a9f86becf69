import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import type { HostedDefinition } from '../../actors/definitions/hosted-definition.ts';
import { step } from '../../actors/steps/bare-machine.ts';
import type { MachineSnapshot } from '../../actors/xstate-adapter.ts';
import { isHoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type { HostReceipt } from '../../runtime/protocol/host-messages.ts';
import type { RecordedEvent } from '../../runtime/protocol/recorded-event.ts';
import type { MachineEvent } from './arbitrary-machine.ts';
import { AskedHost } from './hosted-actor.ts';

/** The one actor that a property is about. */
export const address = 'thing/1';

/** What of a snapshot must be the same however it came to be. */
export interface Shown {
  readonly state: unknown;
  readonly status: string;
  readonly context: unknown;
}

/** What is shown of a snapshot. */
export function shownOf({ value: state, status, context }: MachineSnapshot): Shown {
  return { state, status, context };
}

/** A host of one kind, `thing`, on a log of its own. */
export function startHost(hosted: HostedDefinition): AskedHost {
  return new AskedHost(new Map([['thing', hosted]]));
}

/** Whether an answer says that something was written. */
export const isAppended = (answer: HostReceipt | Error): answer is HostReceipt =>
  !(answer instanceof Error) && answer.outcome === 'appended';

/** What is durable of the actor. */
export async function stateOf(host: AskedHost): Promise<Shown> {
  const { state, status, context } = await host.snapshot(address);
  return { state, status, context };
}

/** Where the events lead to from the start, or from a state. */
export function replayed(
  hosted: HostedDefinition,
  events: readonly RecordedEvent[],
  from?: MachineSnapshot,
): Shown {
  return shownOf(foldOf(hosted, events, from));
}

/** The snapshot that the events lead to. */
export function foldOf(
  hosted: HostedDefinition,
  events: readonly RecordedEvent[],
  from = hosted.initial('1'),
) {
  return hosted.fold(
    { snapshot: from, tree: undefined },
    { id: '1', address, onInput: () => undefined },
    {
      types: events.map(({ type }) => type),
      data: events.map(({ data }) => data),
      versionAt: (index) => index + 1,
    },
  ).snapshot;
}

/** Fails unless both are the same, of the same types. */
export function expectSame(actual: Shown, expected: Shown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  expect(actual).toStrictEqual(expected);
  throw new Error('the states differ in a way that only a strict comparison sees');
}

/** What an event does to a state: the next one, or how it is refused. */
export function tryStep(hosted: HostedDefinition, model: MachineSnapshot, event: MachineEvent) {
  try {
    const next = step(hosted.machine, model, event);
    return next.accepted ? next.snapshot : 'rejected';
  } catch {
    return 'failed';
  }
}

/** An event as it was sent. */
export function eventOf({ type, data }: Pick<RecordedEvent, 'type' | 'data'>): MachineEvent {
  return { ...(JSON.parse(data) as { data: { by: number } }), type };
}

/** The code of an answer that is an error. */
export function codeOf(answer: HostReceipt | Error): string | undefined {
  return isHoldfastError(answer) ? answer.code : undefined;
}
