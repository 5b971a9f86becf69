import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isHoldfastError } from 'holdfast';
import { expect, test, vi } from 'vitest';
import { onceOnly, shift, watch } from '../support/fixtures/shift.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { soon } from '../support/soon.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Two runtimes on one file, and a file in which work says `begun` or `aborted`, the version that started it, and its thread. */
async function openTwo() {
  const path = join(temporaryFolder(), 'told');
  writeFileSync(path, '');
  const one = await openRuntime(['shift']);
  const other = await openRuntime(['shift'], { database: one.database });
  const told = () => [...readFileSync(path, 'utf8').matchAll(/^(\w+) .*@(\d+)\[.* (\d+)$/gm)];
  const counts = (what: string, version: number) =>
    told().filter(([, ...of]) => of[0] === what && of[1] === `${version}`).length;
  const threadOf = (version: number) =>
    told().find(([, what, of]) => what === 'begun' && of === `${version}`)?.[3];
  return { path, one, other, counts, threadOf };
}

/** The same, of which one runs the work that version 1 of an actor has begun. */
async function openWithWork(definition: typeof shift | typeof onceOnly) {
  const opened = await openTwo();
  await opened.one.actor(definition, '1').send({ type: 'begin', path: opened.path });
  await vi.waitFor(() => expect(opened.counts('begun', 1)).toBe(1), soon);
  return opened;
}

const definitions = [
  ['runs again', shift],
  ['is never run twice', onceOnly],
] as const;

test.each(definitions)(
  'work that a step of another runtime begins is run by that one only (%s)',
  async (_, definition) => {
    const { one, other, counts, threadOf } = await openWithWork(definition);

    await other.actor(definition, '1').send({ type: 'again' });
    // Whoever ran the work before looks at what is under way now as it aborts it.
    await vi.waitFor(() => expect(counts('aborted', 1)).toBe(1), soon);
    const seen = [await one.actor(definition, '1').snapshot(), await other.actor(definition, '1').snapshot()];

    expect(seen.map(({ state }) => state)).toEqual(Array(2).fill({ first: 'busy', second: 'idle' }));
    expect([counts('begun', 2), counts('aborted', 2)]).toEqual([1, 0]);
    expect(threadOf(2)).not.toBe(threadOf(1));
  },
);

test.each(definitions)(
  'work that another runtime adds to what is under way is left to whoever has that (%s)',
  async (_, definition) => {
    const { one, other, counts, threadOf } = await openWithWork(definition);

    await other.actor(definition, '1').send({ type: 'also' });
    await vi.waitFor(() => expect(counts('begun', 2)).toBe(1), soon);
    const seen = [await other.actor(definition, '1').snapshot(), await one.actor(definition, '1').snapshot()];

    expect(seen.map(({ state }) => state)).toEqual(Array(2).fill({ first: 'busy', second: 'busy' }));
    expect([counts('begun', 1), counts('begun', 2), counts('aborted', 1)]).toEqual([1, 1, 0]);
    expect(threadOf(2)).toBe(threadOf(1));
  },
);

test('work that another runtime has begun is taken over when that one has ended', async () => {
  const { one, other, counts } = await openWithWork(shift);
  await other.actor(shift, '1').send({ type: 'again' });
  await vi.waitFor(() => expect([counts('begun', 2), counts('aborted', 1)]).toEqual([1, 1]), soon);

  await other.close();

  await vi.waitFor(() => expect(counts('begun', 2)).toBe(2), { timeout: 20_000 });
  expect((await one.actor(shift, '1').snapshot()).state).toEqual({ first: 'busy', second: 'idle' });
});

test('what work sends after a step of another runtime has left it is not heard', async () => {
  const { one, other } = await openTwo();
  await one.actor(watch, '1').send({ type: 'on' });
  await one.actor(watch, '1').waitFor(({ version }) => version > 3);

  // On a busy computer, what work tells all the time may overtake it as often as it is decided again.
  const off = (): Promise<unknown> =>
    other
      .actor(watch, '1')
      .send({ type: 'off' })
      .catch((error) => {
        if (!isHoldfastError(error, 'HOLDFAST_ERR_VERSION_CONFLICT')) throw error;
        return off();
      });
  await off();
  const { version } = await other.actor(watch, '1').snapshot();
  // Its work has ended, and all that it told has been decided, when another one of it begins.
  await one.actor(watch, '1').send({ type: 'on' });
  await one.actor(watch, '1').waitFor((now) => now.version > version + 3);

  expect((await one.actor(watch, '1').snapshot()).context).toEqual({ late: 0 });
});
