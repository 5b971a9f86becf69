import { join } from 'node:path';
import type { Runtime } from 'holdfast';
import { expect, test } from 'vitest';
import { listener, singer } from '../support/fixtures/chorus.ts';
import { hostile } from '../support/fixtures/hostile.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const voices = ['soprano', 'alto', 'tenor', 'bass'];

/** Has every voice sing so many notes to one listener, some in each step. */
async function sing(runtime: Runtime, steps: number, notes: number): Promise<void> {
  for (let step = 0; step < steps; step++) {
    const idempotencyKey = `step ${step}`;
    await Promise.all(
      voices.map((voice) =>
        runtime.actor(singer, voice).send({ type: 'sing', notes, voice }, { idempotencyKey }),
      ),
    );
  }
}

/** What the listener has come to, once it has heard so much. */
async function heardBy(runtime: Runtime, count: number) {
  const all = runtime
    .actor(listener, '1')
    .waitFor(({ context }) => context.heard >= count, { timeoutMs: 60_000 });
  const { context, version } = await all;
  return { heard: context.heard, wrong: context.wrong, version };
}

test('messages to one actor come once and in order although many are on their way when its hosts die', async () => {
  const runtime = await openRuntime(['chorus', 'hostile']);
  const folder = temporaryFolder();

  const sung = sing(runtime, 10, 25);
  for (const number of [1, 2, 3]) {
    await runtime.actor(listener, '1').waitFor(({ context }) => context.heard >= number * 100);
    await runtime
      .actor(hostile, `${number}`)
      .send({ type: 'harmed', harm: 'exit', mark: join(folder, `${number}`) })
      .catch(() => undefined);
  }
  await sung;

  expect(await heardBy(runtime, 1_000)).toEqual({ heard: 1_000, wrong: 0, version: 1_000 });
  expect((await runtime.health()).hosts[0]?.generation).toBeGreaterThan(1);
  expect((await runtime.deadLetters()).filter(({ address }) => address === 'listener/1')).toEqual([]);
});

test('two runtimes on a file that both bring what waits to one actor bring it once and in order', async () => {
  const one = await openRuntime(['chorus']);
  const other = await openRuntime(['chorus'], { database: one.database });
  // Both have the actor in memory.
  await Promise.all([one, other].map((each) => each.actor(listener, '1').snapshot()));

  await Promise.all([sing(one, 5, 25), heardBy(other, 500)]);

  expect(await heardBy(one, 500)).toEqual({ heard: 500, wrong: 0, version: 500 });
  expect(await one.deadLetters()).toEqual([]);
});
