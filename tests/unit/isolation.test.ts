import { expect, test } from 'vitest';
import { Isolation } from '../../runtime/resilience/isolation.ts';
import type { CircuitReplica } from '../../runtime/resilience/probe-gate.ts';

/** Isolation of an actor that hears as long as it is told to. */
function isolation() {
  const actor = { hears: true, told: [] as string[] };
  const deaf = new Error('its host is held up');
  const send = ({ type }: { type: string }): Promise<boolean> => {
    actor.told.push(type);
    return actor.hears ? Promise.resolve(true) : Promise.reject(deaf);
  };
  const replica = { send, tell: ({ type }: { type: string }) => actor.told.push(type) };
  return { actor, deaf, isolation: new Isolation(replica as unknown as CircuitReplica) };
}

test('a release that was not heard can be tried again, and is over once it was', async () => {
  const { actor, deaf, isolation: held } = isolation();
  const release = await held.hold('maintenance');
  actor.hears = false;
  await expect(release()).rejects.toBe(deaf);
  expect(held.reason).toBe('maintenance');

  actor.hears = true;
  await release();
  await release();

  expect(held.reason).toBeNull();
  expect(actor.told).toEqual(['isolate', 'release', 'release']);
});

test('an isolation that was not heard is released behind it, and nobody holds it', async () => {
  const { actor, deaf, isolation: held } = isolation();
  actor.hears = false;

  await expect(held.hold('maintenance')).rejects.toBe(deaf);

  expect(held.reason).toBeNull();
  expect(actor.told).toEqual(['isolate', 'release']);
});
