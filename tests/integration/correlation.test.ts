import type { Runtime } from 'holdfast';
import { expect, test, vi } from 'vitest';
import { doer } from '../support/fixtures/effects.ts';
import { order } from '../support/fixtures/order.ts';
import { talkative } from '../support/fixtures/talkative.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { soon } from '../support/soon.ts';

async function correlated(runtime: Runtime, id: string) {
  const found = [];
  for await (const event of runtime.correlated(id)) found.push(event);
  return found;
}

async function firstEventOf(runtime: Runtime, stream: string) {
  for await (const event of runtime.store.read(stream, { limit: 1 })) return event;
  throw new Error('no events');
}

test('a message and what comes of it name what they began with, and the event that led to them', async () => {
  const runtime = await openRuntime(['talkative']);
  await runtime.actor(talkative, 'a').send({ type: 'count', to: 'talkative/b', from: 1, upTo: 2 });
  await runtime.actor(talkative, 'c').send({ type: 'count', to: 'talkative/c', from: 3, upTo: 3 });
  await runtime.actor(talkative, 'b').waitFor(({ context }) => context.heard.length === 2);
  const beginning = await firstEventOf(runtime, 'talkative/a');

  const found = await correlated(runtime, beginning.id);

  expect(found.map(({ stream, type }) => `${stream} ${type}`)).toEqual([
    'talkative/a count',
    'talkative/b counted',
    'talkative/b counted',
  ]);
  expect(beginning.metadata).toEqual({});
  for (const { metadata } of found.slice(1)) {
    expect(metadata).toEqual({
      sender: 'talkative/a',
      correlationId: beginning.id,
      causationId: beginning.id,
    });
  }
});

test('work and its outcome belong to the command that asked for it, by the name that its caller gave', async () => {
  const runtime = await openRuntime(['effects']);
  const actor = runtime.actor(doer, '1');
  await actor.send({ type: 'ask', what: 'x' }, { metadata: { correlationId: 'request-7', by: 'ann' } });
  await actor.waitFor(({ state, version }) => state === 'idle' && version === 2);

  const found = await correlated(runtime, 'request-7');

  expect(found.map(({ type }) => type)).toEqual(['ask', 'holdfast.settled']);
  expect(found[0]?.metadata).toEqual({ correlationId: 'request-7', by: 'ann' });
  expect(found[1]?.metadata).toEqual({ correlationId: 'request-7', causationId: found[0]?.id });
});

test('a whole order, with its promise, callback, child and timers, is found by its first event', async () => {
  const runtime = await openRuntime(['order']);
  const actor = runtime.actor(order, '1');
  await actor.send({ type: 'pay', cents: 5, fails: false });
  const beginning = await firstEventOf(runtime, 'order/1');
  await vi.waitFor(
    async () => expect((await correlated(runtime, beginning.id)).length).toBeGreaterThan(3),
    soon,
  );

  for (const { id, metadata } of await correlated(runtime, beginning.id)) {
    if (id === beginning.id) continue;
    expect(metadata).toMatchObject({ correlationId: beginning.id, causationId: expect.any(String) });
  }
});

test('a letter of a message that was not accepted keeps who sent it and what led to it, for when it is requeued', async () => {
  const runtime = await openRuntime(['talkative']);
  await runtime.actor(talkative, 'a').send({ type: 'talk', to: 'talkative/b', what: 'nonsense' });
  await expect.poll(() => runtime.deadLetters()).toHaveLength(1);
  const beginning = await firstEventOf(runtime, 'talkative/a');

  const [letter] = await runtime.deadLetters();

  expect(JSON.parse(letter?.metadata ?? 'null')).toEqual({
    sender: 'talkative/a',
    correlationId: beginning.id,
    causationId: beginning.id,
  });
});
