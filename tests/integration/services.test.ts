import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRuntime, type Runtime } from 'holdfast';
import { defineContainer, servicesOf } from 'holdfast/container';
import { expect, test } from 'vitest';
import { codedError } from '../support/coded-error.ts';
import { hostile } from '../support/fixtures/hostile.ts';
import { nosy, note, parcel, services } from '../support/fixtures/post.ts';
import { broken } from '../support/fixtures/post-broken.ts';
import { fakes } from '../support/fixtures/post-fakes.ts';
import { fragile, stuck } from '../support/fixtures/post-stuck.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const newPath = (): string => join(temporaryFolder(), 'letters');
const linesOf = (path: string): string[] => readFileSync(path, 'utf8').trim().split('\n');
const isMade = (line: string): boolean => line.startsWith('made in');

async function post(runtime: Runtime, id: string, path: string, text = id) {
  const actor = runtime.actor(parcel, id);
  await actor.send({ type: 'posted', path, text });
  return actor.waitFor(({ state }) => state === 'known' || state === 'lost');
}

test('work and actions reach the services of their thread, which are made once and disposed at the end', async () => {
  const path = newPath();
  const runtime = await openRuntime(['post'], { container: services });

  const [first] = await Promise.all([post(runtime, 'a', path), post(runtime, 'b', path)]);
  await runtime.actor(note, 'c').send({ type: 'written', path, text: 'c' });
  await runtime.close();

  expect(first).toMatchObject({ state: 'known', context: { receipt: 'stamped a' } });
  const lines = linesOf(path);
  expect(lines.filter(isMade)).toHaveLength(1);
  expect(lines.filter((line) => !isMade(line)).toSorted()).toEqual([
    'disposed',
    'stamped a',
    'stamped b',
    'stamped c',
    'stamped stamped a whispered',
    'stamped stamped b whispered',
    'stamped told by an action',
    'stamped told by an action',
  ]);
  expect(lines.at(-1)).toBe('disposed');
});

test('a host that was killed disposes nothing, and the next one makes services of its own', async () => {
  const path = newPath();
  const runtime = await openRuntime(['post', 'hostile'], { container: services });
  await post(runtime, 'a', path);

  const harm = { type: 'harmed', harm: 'exit', mark: newPath(), times: 2 } as const;
  await expect(runtime.actor(hostile, 'h').send(harm)).rejects.toThrow();
  await post(runtime, 'b', path);
  await runtime.close();

  const lines = linesOf(path);
  expect(new Set(lines.filter(isMade)).size).toBe(2);
  expect(lines.filter((line) => line === 'disposed')).toHaveLength(1);
});

test('a factory that never ends is given up, and keeps nothing else from being disposed', async () => {
  const path = newPath();
  const runtime = await openRuntime(['post', 'post-stuck'], {
    container: stuck,
    containerInitTimeoutMs: 50,
    closeTimeoutMs: 1_000,
  });

  const [lost] = await Promise.all([post(runtime, 'a', path, 'fax'), post(runtime, 'b', path)]);
  await runtime.close();

  expect(lost.context.error).toContain('"fax" could not be made: It took longer than 50 ms.');
  expect(linesOf(path).at(-1)).toBe('disposed');
});

test('what a command that is tried alone has had made is disposed before its thread ends', async () => {
  const path = newPath();
  const runtime = await openRuntime(['post', 'post-stuck'], { container: stuck });

  await runtime.actor(fragile, 'a').send({ type: 'written', path, mark: newPath() });
  await expect
    .poll(() => linesOf(path))
    .toEqual([expect.stringMatching('made in'), 'stamped written', 'disposed']);
});

test('a test gives a blueprint with other services, which its module exports', async () => {
  const path = newPath();
  const runtime = await openRuntime(['post', 'post-fakes'], { container: fakes });

  expect(await post(runtime, 'a', path)).toMatchObject({ context: { receipt: 'not a' } });
});

test('an eager service that cannot be made fails every call with the reason', async () => {
  const runtime = await openRuntime(['post', 'post-broken'], { container: broken });

  await expect(runtime.actor(note, 'a').send({ type: 'written', path: '', text: '' })).rejects.toEqual(
    codedError('HOLDFAST_ERR_CONTAINER_INIT_FAILED', {
      path: ['stamp'],
      message: expect.stringContaining('no stamps left'),
    }),
  );
});

test.each([
  ['no module exports', [], ['hostile'], /No module exports it/],
  ['is not the one that a module exports', ['number'], ['post'], /binds something else/],
  ['is exported twice', ['number'], ['post-twice'], /2 blueprints/],
] as const)('a blueprint that %s is told to who first uses a host', async (_what, names, modules, why) => {
  const container = names.reduce(
    (before, name) => before.value(name as never, 1) as never,
    defineContainer(),
  );
  const runtime = await openRuntime(modules, { container });

  await expect(runtime.actor(hostile, 'a').send({ type: 'counted' })).rejects.toEqual(
    codedError('HOLDFAST_ERR_CONTAINER_BLUEPRINT', { message: expect.stringMatching(why) }),
  );
});

test('a step has no services, and work has those of the blueprint that was given', async () => {
  const runtime = await openRuntime(['post'], { container: services });

  const pure = {
    code: 'HOLDFAST_ERR_TRANSITION_FAILED',
    message: expect.stringContaining('a replay has to come to the same'),
  };
  await expect(runtime.actor(note, 'a').send({ type: 'sniffed' })).rejects.toMatchObject(pure);
  await expect(runtime.actor(nosy, 'a').send({ type: 'sniffed' })).rejects.toMatchObject(pure);
  const lost = await post(runtime, 'a', newPath(), 'fax');
  expect(lost.context.error).toContain('it has no "fax" that is lazy. ');
  expect(lost.context.error).toContain('[HOLDFAST_ERR_CONTAINER_BLUEPRINT]');
});

test('services are refused where there are none, and what is no blueprint is refused at once', async () => {
  const runtime = await openRuntime(['post']);

  const { context } = await post(runtime, 'a', newPath());
  expect(context.error).toContain('[HOLDFAST_ERR_ARGUMENT_INVALID]');
  expect(() => servicesOf({}, services)).toThrow(codedError('HOLDFAST_ERR_ARGUMENT_INVALID') as Error);
  expect(() => servicesOf({}, {} as never)).toThrow(codedError('HOLDFAST_ERR_OPTION_INVALID') as Error);
  const wrong = createRuntime({ database: 'never.db', modules: [], container: { mailer: 5 } as never });
  await expect(wrong).rejects.toEqual(codedError('HOLDFAST_ERR_OPTION_INVALID'));
});
