import type { Runtime } from 'holdfast';
import { expect, test } from 'vitest';
import { counter } from '../support/fixtures/counter.ts';
import { transitionListener } from '../support/fixtures/transition-listener.ts';
import { openRuntime } from '../support/open-runtime.ts';

interface Transition {
  readonly address: string;
  readonly version: number;
}

interface Given {
  readonly runtime: Runtime;
  /** What was published in the only host thread so far. */
  readonly heard: () => Promise<Transition[]>;
}

async function given(): Promise<Given> {
  const runtime = await openRuntime(['counter', 'transition-listener']);
  let listeners = 0;
  const heard = async () => {
    const { context } = await runtime.actor(transitionListener, `${++listeners}`).snapshot();
    return context.published as Transition[];
  };
  return { runtime, heard };
}

test('every transition is published in the thread of the actor, without the context', async () => {
  const { runtime, heard } = await given();
  const actor = runtime.actor(counter, 'a');
  await actor.send({ type: 'added', by: 1 });
  await actor.send({ type: 'locked' });
  // Senders may have their answers before the thread of the actor knows.
  await actor.snapshot();

  const shared = { address: 'counter/a', status: 'active' };
  expect(await heard()).toEqual([
    { ...shared, type: 'added', version: 1, position: 1, state: 'open' },
    { ...shared, type: 'locked', version: 2, position: 2, state: 'locked' },
  ]);
});

test('each event of a command is published at its place, with the state after the last', async () => {
  const { runtime, heard } = await given();
  await runtime.actor(counter, 'before').send({ type: 'added', by: 1 });
  const actor = runtime.actor(counter, 'b');
  await actor.execute('split', { parts: [1, 2, 3] });
  await actor.snapshot();

  const shared = { address: 'counter/b', type: 'added', state: 'open', status: 'active' };
  const ofActor = (await heard()).filter(({ address }) => address === 'counter/b');
  expect(ofActor).toEqual([1, 2, 3].map((version) => ({ ...shared, version, position: version + 1 })));
});

test('what changes nothing, or is read again, is no transition', async () => {
  const { runtime, heard } = await given();
  const actor = runtime.actor(counter, 'c');
  await actor.send({ type: 'added', by: 1 }, { idempotencyKey: 'once' });
  await actor.send({ type: 'added', by: 1 }, { idempotencyKey: 'once' });
  await expect(actor.send({ type: 'unlocked' })).rejects.toThrow('unlocked');
  await actor.snapshot();

  expect(await heard()).toHaveLength(1);
});

test('so are the transitions of a circuit breaker, which have no position in the log', async () => {
  const { runtime, heard } = await given();
  await runtime.connectivity.override('online', 'to be sure');
  const breaker = runtime.circuitBreaker('service', { trip: { rule: 'consecutive', failures: 1 } });
  await expect(breaker.call(() => Promise.reject(new Error('503')))).rejects.toThrow('503');

  const ofCircuit = (await heard()).filter(({ address }) => address.endsWith('/service'));
  expect(ofCircuit.at(-1)).toMatchObject({ type: 'reported', position: 0, state: { circuit: 'open' } });
  expect(ofCircuit.map(({ version }) => version)).toEqual(ofCircuit.map((_, index) => index + 1));
});
