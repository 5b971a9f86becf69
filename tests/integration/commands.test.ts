import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRuntime, type Runtime } from 'holdfast';
import type { ExpectedVersion } from 'holdfast/store';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codedError } from '../support/coded-error.ts';
import { counter } from '../support/fixtures/validated-counter.ts';
import { fixture, openRuntime } from '../support/open-runtime.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
const options = { modules: [fixture('validated-counter')], hosts: 1, mailboxCapacity: 5_000 };
let runtime: Runtime;
let ids = 0;

beforeAll(async () => {
  runtime = await createRuntime({ ...options, database: join(folder, 'app.db') });
});

afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

/** An actor that nobody has sent to. */
function newActor() {
  return runtime.actor(counter, `${++ids}`);
}

async function eventsOf(actor: { address: string }) {
  const events = await runtime.store.getEventsAfter(actor.address, 0);
  return events.map(({ type, data, metadata }) => ({ type, data, metadata }));
}

describe('send', () => {
  test('resolves with the version, the position and the state after the event', async () => {
    const [one, other] = [newActor(), newActor()];
    const { position } = await one.send({ type: 'added', by: 1 });

    const receipt = await other.send({ type: 'locked' });

    const [event] = await runtime.store.getEventsAfter(other.address, 0);
    expect(receipt).toEqual({
      stream: other.address,
      version: 1,
      position: position + 1,
      eventId: event!.id,
      state: 'locked',
    });
    expect(await eventsOf(other)).toEqual([{ type: 'locked', data: {}, metadata: {} }]);
  });

  test('keeps the metadata with the event', async () => {
    const actor = newActor();

    await actor.send({ type: 'added', by: 1 }, { metadata: { by: 'ann', at: new Date(5) } });

    expect(await eventsOf(actor)).toEqual([
      { type: 'added', data: { by: 1 }, metadata: { by: 'ann', at: new Date(5) } },
    ]);
  });

  test('refuses an event that the state does not accept, naming the state and what it accepts', async () => {
    const actor = newActor();
    await actor.send({ type: 'locked' });

    await expect(actor.send({ type: 'added', by: 1 })).rejects.toEqual(
      codedError('HOLDFAST_ERR_EVENT_REJECTED', {
        address: actor.address,
        eventType: 'added',
        state: 'locked',
        accepts: ['unlocked'],
      }),
    );
    expect(await eventsOf(actor)).toHaveLength(1);
  });

  test('refuses an event that a guard refuses, and says so', async () => {
    const actor = newActor();

    await expect(actor.send({ type: 'added', by: 1_000 })).rejects.toThrow(
      `${actor.address} is "open" and does not accept "added" now: its guard refused it, or the state forbids it`,
    );
  });

  test('changes and subscribe take no callback, and say so at once', () => {
    const callback = (() => undefined) as never;
    const refused = codedError('HOLDFAST_ERR_OPTION_INVALID');

    expect(() => runtime.actor(counter, 'a').changes(callback)).toThrow(refused);
    expect(() => runtime.store.subscribe(callback)).toThrow(refused);
  });

  test('checks a payload against its schema before it leaves', async () => {
    const actor = newActor();

    await expect(actor.send({ type: 'added', by: 1.5 })).rejects.toEqual(
      codedError('HOLDFAST_ERR_PAYLOAD_INVALID', { path: 'added' }),
    );
    await expect(actor.snapshot()).resolves.toMatchObject({ version: 0 });
  });

  test('appends at the expected version only', async () => {
    const actor = newActor();

    await actor.send({ type: 'added', by: 1 }, { expectedVersion: 0 });
    const conflict = actor.send({ type: 'added', by: 1 }, { expectedVersion: 0 });

    await expect(conflict).rejects.toEqual(
      codedError('HOLDFAST_ERR_VERSION_CONFLICT', { stream: actor.address, expected: 0, actual: 1 }),
    );
    await expect(actor.send({ type: 'added', by: 1 }, { expectedVersion: 1 })).resolves.toMatchObject({
      version: 2,
    });
  });

  test('appends in the expected kind of stream only, in the words of the store', async () => {
    const actor = newActor();
    const add = (expectedVersion: ExpectedVersion) =>
      actor.send({ type: 'added', by: 1 }, { expectedVersion, idempotencyKey: expectedVersion.toString() });

    await expect(add('stream-exists')).rejects.toEqual(
      codedError('HOLDFAST_ERR_VERSION_CONFLICT', { expected: 'stream-exists', actual: 0 }),
    );
    await expect(add('no-stream')).resolves.toMatchObject({ version: 1 });
    await expect(actor.execute('refuse', undefined, { expectedVersion: 'no-stream' })).rejects.toEqual(
      codedError('HOLDFAST_ERR_VERSION_CONFLICT', { expected: 'no-stream', actual: 1 }),
    );
    await expect(add('stream-exists')).resolves.toMatchObject({ version: 2 });
    await expect(add('any')).resolves.toMatchObject({ version: 3 });
    await expect(add('no-stream')).resolves.toMatchObject({ version: 1, repeated: true });
    await expect(add('later' as 'any')).rejects.toEqual(codedError('HOLDFAST_ERR_ARGUMENT_INVALID'));
  });

  test('lets exactly one of many callers win who expect the same version', async () => {
    const actor = newActor();

    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, () => actor.send({ type: 'added', by: 1 }, { expectedVersion: 0 })),
    );

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await eventsOf(actor)).toHaveLength(1);
  });

  test('carries out a repeated command once and gives the answer of the first time', async () => {
    const actor = newActor();
    const first = await actor.send({ type: 'added', by: 1 }, { idempotencyKey: 'k' });
    await actor.send({ type: 'locked' });

    // The state no longer accepts it, which must not matter to what was done already.
    const repeated = await actor.send({ type: 'added', by: 1 }, { idempotencyKey: 'k' });

    expect(repeated).toEqual({ ...first, repeated: true });
    expect(await eventsOf(actor)).toHaveLength(2);
  });

  test('carries out a command once that is repeated while the first is under way', async () => {
    const actor = newActor();

    const receipts = await Promise.all(
      Array.from({ length: 20 }, () => actor.send({ type: 'added', by: 1 }, { idempotencyKey: 'k' })),
    );

    expect(receipts.filter(({ repeated }) => repeated === undefined)).toHaveLength(1);
    expect(new Set(receipts.map(({ version, position }) => `${version} ${position}`))).toEqual(
      new Set([`1 ${receipts[0]?.position}`]),
    );
  });

  test('refuses another command under a key that was used', async () => {
    const actor = newActor();
    await actor.send({ type: 'added', by: 1 }, { idempotencyKey: 'k' });

    await expect(actor.send({ type: 'added', by: 2 }, { idempotencyKey: 'k' })).rejects.toEqual(
      codedError('HOLDFAST_ERR_IDEMPOTENCY_CONFLICT', { stream: actor.address, key: 'k' }),
    );
  });

  test('rejects with the reason of a signal that was aborted before, and does not leave', async () => {
    const actor = newActor();
    const reason = new Error('too late');

    const sent = actor.send({ type: 'locked' }, { signal: AbortSignal.abort(reason) });

    await expect(sent).rejects.toBe(reason);
    await expect(actor.snapshot()).resolves.toMatchObject({ version: 0 });
  });

  test('rejects with the reason of a signal that is aborted later, whatever the reason is', async () => {
    const actor = newActor();
    const abort = new AbortController();

    const sent = actor.send({ type: 'added', by: 1 }, { signal: abort.signal });
    abort.abort('no reason');

    await expect(sent).rejects.toBe('no reason');
    // It had left: the command was carried out or will be.
    await expect(actor.waitFor(({ context }) => context.total === 1)).resolves.toMatchObject({ version: 1 });
  });

  test('gives up after its time-out', async () => {
    const late = await openRuntime(['validated-counter']);
    const actor = late.actor(counter, 'a');

    // The host thread has to be started first, which takes longer than this.
    await expect(actor.send({ type: 'locked' }, { timeoutMs: 1 })).rejects.toEqual(
      codedError('HOLDFAST_ERR_TIMEOUT', { retryable: true }),
    );
    await expect(actor.snapshot({ timeoutMs: 20_000 })).resolves.toMatchObject({ stream: 'counter/a' });
  });

  test('waits for no answer of a function that is async', async () => {
    const predicate = (async () => false) as unknown as () => boolean;

    await expect(newActor().waitFor(predicate)).rejects.toEqual(codedError('HOLDFAST_ERR_OPTION_INVALID'));
  });

  test('keeps the order of thousands of events of one sender', async () => {
    const actor = newActor();

    const receipts = await Promise.all(
      Array.from({ length: 4_000 }, (_, index) => actor.send({ type: 'numbered', number: index + 1 })),
    );

    expect(receipts.map(({ version }) => version)).toEqual(receipts.map((_, index) => index + 1));
    const { context } = await actor.snapshot();
    expect(context).toMatchObject({ last: 4_000, isInOrder: true });
  });

  test('refuses one command more than the mailbox holds, and takes it once there is room', async () => {
    const small = await openRuntime(['validated-counter'], { mailboxCapacity: 3 });
    const actor = small.actor(counter, 'a');
    const add = () => actor.send({ type: 'added', by: 1 });

    const taken = [add(), add(), add()];
    await expect(add()).rejects.toEqual(
      codedError('HOLDFAST_ERR_MAILBOX_FULL', { address: actor.address, capacity: 3, retryable: true }),
    );
    await expect(small.actor(counter, 'b').send({ type: 'locked' })).resolves.toMatchObject({ version: 1 });
    await Promise.all(taken);

    await expect(add()).resolves.toMatchObject({ version: 4 });
  });
});

describe('execute', () => {
  test('appends what a command decides, all in one', async () => {
    const actor = newActor();

    const receipt = await actor.execute('split', { parts: [1, 2, 3] }, { metadata: { by: 'ann' } });

    expect(receipt).toMatchObject({ version: 3, state: 'open' });
    expect((await actor.snapshot()).context.total).toBe(6);
    expect((await eventsOf(actor)).map(({ metadata }) => metadata)).toEqual(
      Array.from({ length: 3 }, () => ({ by: 'ann' })),
    );
  });

  test('appends nothing if one of the decided events is not accepted', async () => {
    const actor = newActor();

    await expect(actor.execute('split', { parts: [1, 5_000, 3] })).rejects.toEqual(
      codedError('HOLDFAST_ERR_EVENT_REJECTED', { eventType: 'added' }),
    );

    await expect(actor.snapshot()).resolves.toMatchObject({ version: 0, context: { total: 0 } });
  });

  test('answers a command that decides on nothing with where the actor is', async () => {
    await newActor().send({ type: 'locked' });
    const actor = newActor();
    const filled = await actor.execute('fill', { to: 5 });

    await expect(actor.execute('fill', { to: 5 })).resolves.toEqual(filled);
  });

  test('answers so also when the actor has just been read from the disk', async () => {
    const actor = newActor();
    const filled = await actor.execute('fill', { to: 5 });

    const other = await openRuntime(['validated-counter'], { database: runtime.database });

    await expect(other.actor(counter, `${ids}`).execute('fill', { to: 5 })).resolves.toEqual(filled);
  });

  test('refuses an input that does not match its schema', async () => {
    await expect(newActor().execute('add', { by: 'one' as unknown as number })).rejects.toEqual(
      codedError('HOLDFAST_ERR_PAYLOAD_INVALID', { path: 'add.input' }),
    );
  });

  test('says why a decide function refused', async () => {
    const actor = newActor();

    await expect(actor.execute('refuse')).rejects.toThrow(
      `${actor.address} refused the command "refuse": not today [HOLDFAST_ERR_COMMAND_FAILED]`,
    );
  });

  test.each([null, undefined, 5, {}])('is refused with a code if its name is %j', async (name) => {
    await expect(newActor().execute(name as never, { by: 1 } as never)).rejects.toEqual(
      codedError('HOLDFAST_ERR_ARGUMENT_INVALID'),
    );
  });

  test('that decides later is refused, and takes nothing else with it', async () => {
    await expect(newActor().execute('decideLater' as never, undefined as never)).rejects.toThrow(
      'decide must return an event, or an array of events ([] for none), and got a promise. [HOLDFAST_ERR_COMMAND_FAILED]',
    );
    await newActor().send({ type: 'added', by: 1 });

    const { hosts } = await runtime.health();
    expect(hosts.map(({ lastDeath }) => lastDeath)).toEqual([null]);
  });

  test('names the command that was probably meant', async () => {
    await expect(newActor().execute('ad' as 'add', { by: 1 })).rejects.toThrow(
      '"counter" has no command "ad". Did you mean "add"? [HOLDFAST_ERR_COMMAND_UNKNOWN]',
    );
  });

  test('that decided on nothing is remembered by its key like any other', async () => {
    const actor = newActor();
    const first = await actor.execute('fill', { to: 0 }, { idempotencyKey: 'k' });
    await actor.send({ type: 'added', by: -3 });

    const again = await actor.execute('fill', { to: 0 }, { idempotencyKey: 'k' });

    expect([first.version, again.version, again.repeated]).toEqual([0, 0, true]);
    await expect(actor.execute('fill', { to: 9 }, { idempotencyKey: 'k' })).rejects.toEqual(
      codedError('HOLDFAST_ERR_IDEMPOTENCY_CONFLICT'),
    );
    await expect(actor.snapshot()).resolves.toMatchObject({ version: 1 });
  });

  test('is repeated by key without deciding again', async () => {
    const actor = newActor();
    const first = await actor.execute('fill', { to: 5 }, { idempotencyKey: 'k' });
    await actor.send({ type: 'added', by: 1 });

    await expect(actor.execute('fill', { to: 5 }, { idempotencyKey: 'k' })).resolves.toEqual({
      ...first,
      repeated: true,
    });
  });
});
