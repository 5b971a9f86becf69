import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { ChildProgram } from '../support/child-program.ts';
import { gauge } from '../support/fixtures/gauge.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { soon } from '../support/soon.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { times } from '../support/thorough.ts';

const ways = ['invoked', 'spawned', 'observed'] as const;

/** How much was told before the work was told to stop: after that it goes on telling. */
function toldBeforeStop(path: string): number {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  expect(lines).toContain('stopped');
  return lines.indexOf('stopped');
}

/** A number from 0 up to a maximum, the same for the same seed. */
function randomOf(seed: number): (max: number) => number {
  let state = seed;
  return (max) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * max);
  };
}

test('what callbacks and observables told before a close stopped them is kept, and nothing of what they told later', async () => {
  const folder = temporaryFolder();
  const database = join(folder, 'app.db');
  const before = await openRuntime(['gauge'], { database });
  const actor = before.actor(gauge, '1');

  await actor.send({ type: 'on', path: join(folder, '1'), everyMs: 1, burst: 5 });
  await actor.waitFor(({ context }) => ways.every((way) => context[way] > 20));
  await before.close();

  const after = await openRuntime(['gauge'], { database });
  const { context } = await after.actor(gauge, '1').snapshot();
  for (const way of ways) expect(context[way]).toBe(toldBeforeStop(join(folder, `1.${way}`)));
});

test('what they tell while another process holds the lock for longer than is waited for it is kept, and in order', async () => {
  const folder = temporaryFolder();
  const database = join(folder, 'app.db');
  const before = await openRuntime(['gauge'], { database, lockTimeoutMs: 20 });
  const actor = before.actor(gauge, '1');
  const told = () => readFileSync(join(folder, '1.invoked'), 'utf8').split('\n').length;

  await actor.send({ type: 'on', path: join(folder, '1'), everyMs: 4, burst: 1 });
  await actor.waitFor(({ context }) => ways.every((way) => context[way] > 5));
  const other = new ChildProgram('hold-lock.ts', [database]);
  await other.printed(1);
  const untilLocked = told();
  await vi.waitFor(() => expect(told()).toBeGreaterThan(untilLocked + 150), soon);
  other.write('enough');
  expect(await other.ended).toMatchObject({ code: 0 });
  await before.close();

  const after = await openRuntime(['gauge'], { database });
  const { context } = await after.actor(gauge, '1').snapshot();
  for (const way of ways) expect(context[way]).toBe(toldBeforeStop(join(folder, `1.${way}`)));
});

test.each(Array.from({ length: times(2, 20) }, (_, index) => index + 1))(
  'a close at any moment keeps what many had told (seed %i)',
  async (seed) => {
    const random = randomOf(seed);
    const folder = temporaryFolder();
    const database = join(folder, 'app.db');
    const before = await openRuntime(['gauge'], { database, hosts: 2 });
    const ids = Array.from({ length: times(8, 16) }, (_, index) => `${index}`);

    const sent = ids.map((id) =>
      before.actor(gauge, id).send({
        type: 'on',
        path: join(folder, id),
        everyMs: 1 + random(8),
        burst: 1 + random(6),
      }),
    );
    await Promise.all(sent);
    const watched = before.actor(gauge, `${random(ids.length)}`);
    const moment = random(40);
    await watched.waitFor(({ context }) => context.invoked >= moment);
    // An actor that looks for what others have written takes what it is told meanwhile a little later.
    const looking = ids.map((id) => before.actor(gauge, id).snapshot());
    for (let turn = random(20); turn > 0; turn--) await new Promise(setImmediate);
    await before.close();
    await Promise.all(looking);

    const after = await openRuntime(['gauge'], { database, hosts: 2 });
    const kept: Record<string, number> = {};
    const told: Record<string, number> = {};
    for (const id of ids) {
      const { context } = await after.actor(gauge, id).snapshot();
      for (const way of ways) {
        kept[`${id}.${way}`] = context[way];
        told[`${id}.${way}`] = toldBeforeStop(join(folder, `${id}.${way}`));
      }
    }
    expect(kept).toEqual(told);
  },
);

test('a close right after a command that was tried alone keeps what its work has told', async () => {
  const folder = temporaryFolder();
  const database = join(folder, 'app.db');
  const before = await openRuntime(['gauge'], { database });

  const mark = join(folder, 'mark');
  await before.actor(gauge, '1').send({ type: 'on', path: join(folder, '1'), everyMs: 1, burst: 5, mark });
  await before.close();

  const after = await openRuntime(['gauge'], { database });
  const { context } = await after.actor(gauge, '1').snapshot();
  for (const way of ways) expect(context[way]).toBe(toldBeforeStop(join(folder, `1.${way}`)));
});
