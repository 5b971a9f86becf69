import { expect, test } from 'vitest';
import { assign, createMachine, sendTo } from 'xstate';
import { addressOf } from '../../actors/definitions/address-of.ts';
import { defineAggregate } from '../../actors/definitions/define-aggregate.ts';
import { HostedDefinition } from '../../actors/definitions/hosted-definition.ts';
import type { AnyUpcastChains } from '../../actors/definitions/upcast.ts';
import { Entropy } from '../../actors/steps/entropy.ts';
import { CollectedMessages } from '../../runtime/projections/collected-messages.ts';
import type { Send } from '../../runtime/projections/send.ts';
import { encode } from '../../runtime/protocol/codec.ts';
import type { PendingDelivery } from '../../runtime/protocol/delivery.ts';
import { AskedHost } from '../support/hosted-actor.ts';

const sender = defineAggregate('sender', {
  machine: createMachine({
    on: { GO: { actions: sendTo(() => addressOf('receiver', '1'), { type: 'told', text: 'a' }) } },
  }),
});

const taken = { actions: assign({}) };
const machine = createMachine({
  context: {},
  on: { told: taken, heard: taken, refused: { guard: () => false, actions: assign({}) } },
});

/** Hosts both, the receiver with these chains. */
function open(upcast: AnyUpcastChains): AskedHost {
  const all = new Map<string, HostedDefinition>();
  const receiver = defineAggregate('receiver', { machine, upcast: upcast as never });
  for (const each of [sender, receiver]) all.set(each.kind, new HostedDefinition(each as never, all));
  return new AskedHost(all);
}

/** A message to the receiver as it waits, that was written at a schema version. */
function waiting(host: AskedHost, schemaVersion: number | null, type = 'told'): PendingDelivery {
  const message = { target: 'receiver/1', type, data: encode({ text: 'a' }, type), schemaVersion };
  const nothing = { consumed: null, timers: [], hasWork: null, deadLetter: null };
  host.log.effects.apply('sender/1', { ...nothing, messages: [message] });
  return host.log.effects.messages()[0] as PendingDelivery;
}

const withCode = (code: string) => expect.objectContaining({ code });

test('a message says at which schema version its receiver takes it today', async () => {
  const host = open({ told: [(data: unknown) => data as object, (data: unknown) => data as object] });

  await host.send('sender/1', 'GO', {});

  expect(host.log.effects.messages()).toMatchObject([{ type: 'told', schemaVersion: 3 }]);
});

test('so does one of a reactor', () => {
  const receiver = defineAggregate('receiver', {
    machine,
    upcast: { told: [(data: object) => data] } as never,
  });
  const collected = new CollectedMessages(new Map([['receiver', new HostedDefinition(receiver as never)]]));
  const event = { correlationId: 'event', eventId: 'event' } as never;
  const handler = (_: unknown, send: Send) => send(addressOf('receiver', '1'), { type: 'told' });

  collected.add(1, [{ event, handler: handler as never }], new Entropy('event'));

  expect(collected.effects()).toMatchObject({ messages: [{ type: 'told', schemaVersion: 2 }] });
});

test('one to an actor whose definition is not there says none, and comes as it is', async () => {
  const host = open({ told: [() => ({ text: 'b' })] });

  const delivered = await host.deliver(waiting(host, null));

  expect(delivered).toMatchObject({ version: 1 });
  expect(await host.log.events('receiver/1')).toMatchObject([
    { type: 'told', data: encode({ text: 'a' }, 'told') },
  ]);
});

test('one that upcasters make another of is that', async () => {
  const host = open({
    told: [({ text }: { text: string }) => [{ type: 'heard', text: `${text}!` }]],
  } as never);

  expect(await host.deliver(waiting(host, 1))).toMatchObject({ version: 1 });
  expect(await host.log.events('receiver/1')).toMatchObject([
    { type: 'heard', data: encode({ text: 'a!' }, 'heard') },
  ]);
  expect(host.log.effects.messages()).toEqual([]);
});

test('one that upcasters drop is gone, and makes no dead letter', async () => {
  const host = open({ told: [() => []] });

  expect(await host.deliver(waiting(host, 1))).toMatchObject({ version: 0, outcome: 'unchanged' });
  expect(host.log.effects.messages()).toEqual([]);
  expect(host.log.effects.letters).toEqual([]);
});

test.each([
  ['what upcasters make of it', [{ type: 'refused', text: 'b' }], 'refused', { text: 'b' }],
  [
    'what was sent, where that is several events',
    [{ type: 'refused' }, { type: 'refused' }],
    'told',
    { text: 'a' },
  ],
] as const)('the dead letter of one that is not accepted holds %s', async (_, events, type, data) => {
  const host = open({ told: [() => [...events]] } as never);

  await host.deliver(waiting(host, 1));

  expect(host.log.effects.letters).toMatchObject([
    { type, data: encode(data, type), reason: 'not-accepted', operation: 'send' },
  ]);
});

test('of several events that upcasters make of one, those are taken that are accepted', async () => {
  const host = open({
    told: [() => [{ type: 'refused' }, { type: 'heard', text: 'b' }, { type: 'refused' }]],
  } as never);

  expect(await host.deliver(waiting(host, 1))).toMatchObject({ version: 1 });
  expect(await host.log.events('receiver/1')).toMatchObject([{ type: 'heard' }]);
  expect(host.log.effects.letters).toEqual([]);
});

test('one whose upcaster throws stays until that is mended', async () => {
  const broken = () => {
    throw new Error('not yet');
  };
  const host = open({ told: [broken] });

  const refused = await host.deliver(waiting(host, 1));

  expect(refused).toEqual(withCode('HOLDFAST_ERR_UPCAST_FAILED'));
  expect((refused as Error).message).toContain('on the event that waits for receiver/1: not yet');
  expect(host.log.effects.messages()).toHaveLength(1);
});

test('one that a newer version of the application has sent stays for that', async () => {
  const host = open({ told: [() => ({ text: 'b' })] });

  const refused = await host.deliver(waiting(host, 3));

  expect(refused).toEqual(withCode('HOLDFAST_ERR_EVENT_NEWER'));
  expect((refused as Error).message).toContain('"told" that waits for receiver/1 has schema version 3');
  expect(host.log.effects.messages()).toHaveLength(1);
});
