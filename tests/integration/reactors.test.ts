import { join } from 'node:path';
import type { Runtime } from 'holdfast';
import type { StoredEvent } from 'holdfast/store';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ChannelRecord } from '../support/channel-record.ts';
import { ChildProgram } from '../support/child-program.ts';
import { codedError } from '../support/coded-error.ts';
import { document, mailer } from '../support/fixtures/greeter.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { soon } from '../support/soon.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { times } from '../support/thorough.ts';

const greeted = async (runtime: Runtime, id = 'main'): Promise<readonly string[]> =>
  (await runtime.actor(mailer, id).snapshot()).context.greeted;

test('what follows from events reaches its actor once, in order of arrival, with what led to it', async () => {
  const runtime = await openRuntime(['greeter']);
  for (const id of ['a', 'b']) await runtime.actor(document, id).send({ type: 'created', title: 'x' });
  await runtime.actor(document, 'c').send({ type: 'created', title: 'twice' });

  await runtime.actor(mailer, 'main').waitFor(({ context }) => context.greeted.length === 4);

  expect(await greeted(runtime)).toEqual(['a', 'b', 'c', 'c']);
  const events: StoredEvent[] = [];
  for await (const event of runtime.store.readAll()) events.push(event);
  const [created, greet] = ['document/a', 'mailer/main'].map((name) =>
    events.find(({ stream }) => stream === name),
  );
  expect(greet?.metadata).toEqual({
    sender: 'holdfast.reactor/greeter',
    correlationId: created?.id,
    causationId: created?.id,
  });
});

test('a reactor whose thread ended while it started is started again, though nobody asks for it', async () => {
  const loads = join(temporaryFolder(), 'loads');
  vi.stubEnv('LATE_GREETER_LOADS', loads);
  onTestFinished(() => void vi.unstubAllEnvs());
  const failures = new ChannelRecord<{ error: unknown }>('holdfast:run:failed');
  const runtime = await openRuntime(['late-greeter']);

  await runtime.actor(document, 'a').send({ type: 'created', title: 'x' });
  const troubled = { status: 'degraded', projections: [], projectionsFailure: 'HOLDFAST_ERR_THREAD_START' };
  await vi.waitFor(async () => expect(await runtime.health()).toMatchObject(troubled), soon);
  await runtime.actor(mailer, 'main').waitFor(({ context }) => context.greeted.length === 1);
  expect(await runtime.health()).toMatchObject({ status: 'healthy', projectionsFailure: null });

  expect(failures.messages).toEqual([{ error: codedError('HOLDFAST_ERR_THREAD_START') }]);
  expect(await greeted(runtime)).toEqual(['a']);
});

test('an event that fails stops its reactor before it, visible in health, and holds up nobody', async () => {
  const runtime = await openRuntime(['greeter']);
  await runtime.actor(document, 'a').send({ type: 'created', title: 'x' });
  const { position } = await runtime.actor(document, 'b').send({ type: 'created', title: 'bad' });
  await runtime.actor(document, 'c').send({ type: 'created', title: 'x' });

  await vi.waitFor(
    async () =>
      expect((await runtime.health()).projections.find(({ name }) => name === 'greeter')).toMatchObject({
        state: 'stopped',
        position: position - 1,
        failure: { message: 'nobody to greet', event: { stream: 'document/b' } },
      }),
    soon,
  );
  await runtime.actor(mailer, 'main').waitFor(({ context }) => context.greeted.length === 1);
  expect(await greeted(runtime)).toEqual(['a']);
});

test('one that starts now leaves what was before as it is', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const before = await openRuntime(['document'], { database });
  await before.actor(document, 'old').send({ type: 'created', title: 'x' });
  await before.close();

  const runtime = await openRuntime(['greeter'], { database });
  await runtime.actor(mailer, 'main').waitFor(({ context }) => context.greeted.length === 1);
  await runtime.actor(document, 'new').send({ type: 'created', title: 'x' });
  // Messages to two actors come in no order.
  await runtime.actor(mailer, 'main').waitFor(({ context }) => context.greeted.length === 2);
  await runtime.actor(mailer, 'late').waitFor(({ context }) => context.greeted.length === 1);

  expect([await greeted(runtime), await greeted(runtime, 'late')]).toEqual([['old', 'new'], ['new']]);
});

test('processes that are killed and that run at once have each event heeded once', async () => {
  const database = join(temporaryFolder(), 'app.db');
  const ids = Array.from({ length: 60 }, (_, index) => `${index}`);
  for (let from = 0; from < times(20, 60); from += 20) {
    const child = new ChildProgram('greet.ts', [database, `${from}`, '20']);
    await child.printed(1 + 7);
    child.kill();
    await child.ended;
  }
  const children = ['0', '30'].map((from) => new ChildProgram('greet.ts', [database, from, '30']));
  for (const child of children) await child.printed(1 + 30);

  const runtime = await openRuntime(['greeter'], { database });
  await runtime
    .actor(mailer, 'main')
    .waitFor(({ context }) => context.greeted.length >= 60, { timeoutMs: 20_000 });
  for (const child of children) child.kill();
  await Promise.all(children.map(({ ended }) => ended));

  expect([...(await greeted(runtime))].sort()).toEqual([...ids].sort());
});
