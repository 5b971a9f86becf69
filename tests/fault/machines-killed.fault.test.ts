import { join } from 'node:path';
import { EventStore, SqliteEventStoreBackend } from 'holdfast/store';
import { expect, test } from 'vitest';
import { ChildProgram, runChild } from '../support/child-program.ts';
import { customer, expectedPieces, maker } from '../support/fixtures/workshop.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { straceArguments, whyNoStrace } from '../support/strace.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testThoroughly, times } from '../support/thorough.ts';

const makers = 16;

/** Every maker has ended, every customer has every piece once and in order, and nothing waits any more. */
async function expectAllDelivered(database: string): Promise<void> {
  const runtime = await openRuntime(['workshop'], { database });
  for (let id = 0; id < makers; id++) {
    const made = await runtime.actor(maker, String(id)).waitFor(({ status }) => status !== 'active');
    expect(made).toMatchObject({ status: 'done', output: expectedPieces });
    expect((await runtime.actor(customer, String(id)).snapshot()).context.pieces).toEqual(expectedPieces);
  }
  const { timers, messages, deadLetters } = await runtime.store.stats();
  expect({ timers, messages, deadLetters }).toEqual({ timers: 0, messages: 0, deadLetters: 0 });
  await runtime.close();

  const store = EventStore.withBackend(await SqliteEventStoreBackend.open(database));
  expect((await store.verify()).problems).toEqual([]);
  await store.close();
}

test('machines that are killed at random moments again and again end where an undisturbed run ends', async () => {
  const database = join(temporaryFolder(), 'app.db');
  let kills = 0;

  for (let round = 0; round < times(1, 8); round++) {
    const child = new ChildProgram('run-workshop.ts', [database, String(makers)]);
    // After some events or none: the moment is the test, whatever is under way then. It may be done before.
    await child.printed(1 + Math.floor(Math.random() * 60)).catch(() => undefined);
    child.kill();
    const { signal } = await child.ended;
    if (signal === 'SIGKILL') kills++;
  }
  const { lines, stderr } = await runChild('run-workshop.ts', [database, String(makers)]);

  expect(stderr).toBe('');
  expect([lines[0], lines.at(-1)]).toEqual(['ready', 'done']);
  expect(kills).toBeGreaterThan(0);
  await expectAllDelivered(database);
});

testThoroughly(
  'machines that are killed at chosen system calls end where an undisturbed run ends',
  async ({ skip }) => {
    const why = whyNoStrace();
    skip(why !== undefined, why);
    const database = join(temporaryFolder(), 'app.db');
    let kills = 0;

    for (const call of [12, 25, 40, 55, 75, 100]) {
      const prefix = straceArguments(database, {
        calls: 'pwrite64,fsync',
        inject: `signal=KILL:when=${call}`,
      });
      const { signal } = await runChild('run-workshop.ts', [database, String(makers)], { prefix });
      if (signal === 'SIGKILL') kills++;
    }
    const { lines } = await runChild('run-workshop.ts', [database, String(makers)]);

    expect([lines[0], lines.at(-1)]).toEqual(['ready', 'done']);
    expect(kills).toBeGreaterThanOrEqual(3);
    await expectAllDelivered(database);
  },
);

testThoroughly('several processes that run the same machines end where one does', async () => {
  const database = join(temporaryFolder(), 'app.db');

  const ends = await Promise.all(
    [1, 2, 3].map(() => runChild('run-workshop.ts', [database, String(makers)], { limitMs: 60_000 })),
  );

  expect(ends.map(({ lines }) => lines.at(-1))).toEqual(['done', 'done', 'done']);
  await expectAllDelivered(database);
});
