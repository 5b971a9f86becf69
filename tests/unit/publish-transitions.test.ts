import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect, onTestFinished, test } from 'vitest';
import { createMachine } from 'xstate';
import type { TransitionListener } from '../../actors/steps/transition-listener.ts';
import { publishTransitions } from '../../runtime/observability/publish-transitions.ts';
import { AskedHost, hostedMachine } from '../support/hosted-actor.ts';

type Told = Parameters<TransitionListener>;

/** A place that can be seen to be looked at. */
function placeThat(isLookedAt: () => void): Told[2] {
  const snapshot = {
    status: 'active',
    get value() {
      isLookedAt();
      return 'on';
    },
  };
  return { version: 3, snapshot: snapshot as unknown as Told[2]['snapshot'] };
}

test('nothing is looked at while nobody subscribes', () => {
  let looks = 0;
  const place = placeThat(() => looks++);

  publishTransitions('thing/1', [{ type: 'a' }], place, 9);
  expect(looks).toBe(0);

  const messages: unknown[] = [];
  const listener = (message: unknown) => messages.push(message);
  subscribe('holdfast:actor:transition', listener);
  onTestFinished(() => void unsubscribe('holdfast:actor:transition', listener));
  publishTransitions('thing/1', [{ type: 'a' }, { type: 'b' }], place, 9);
  expect(looks).toBe(1);
  const shared = { address: 'thing/1', state: 'on', status: 'active' };
  expect(messages).toEqual([
    { ...shared, type: 'a', version: 2, position: 8 },
    { ...shared, type: 'b', version: 3, position: 9 },
  ]);
});

test('a transition is told when it is durable and before its effects, and one that fails is not', async () => {
  const told: string[] = [];
  const machine = createMachine({
    on: { done: { actions: () => told.push('effect') } },
  });
  const host = new AskedHost(new Map([['thing', hostedMachine(machine)]]), {
    onTransition: (address, events, { version }, position) =>
      told.push(`${address} ${events.map(({ type }) => type)} ${version} at ${position}`),
  });

  const sent = host.send('thing/1', 'done', {});
  expect(told).toEqual([]);
  await sent;
  expect(told).toEqual(['thing/1 done 1 at 1', 'effect']);

  host.log.breakWith(() => new Error('the disk is full'));
  expect(await host.send('thing/1', 'done', {})).toBeInstanceOf(Error);
  expect(told).toHaveLength(2);
});
