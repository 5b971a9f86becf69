import { expect, onTestFinished, test, vi } from 'vitest';
import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import { type LaneClient, LaneLost } from '../../runtime/projections/lane-client.ts';
import { ProjectionTrack, type TrackPorts } from '../../runtime/projections/projection-track.ts';
import type { LaneRequest, ProjectionBatch } from '../../runtime/protocol/projection.ts';
import { codedError } from '../support/coded-error.ts';
import { errorOf } from '../support/error-of.ts';

const summary = { name: 'notes', version: 1, tables: '', tableNames: [], onError: 'stop' } as const;
const serving = { generation: 1, version: 1, position: 0 };

/** A track over a log of nine events of which each does something. */
function follow(ports: Partial<TrackPorts>): ProjectionTrack {
  const lane = {
    compute: async ({ upTo }: LaneRequest) => ({
      reached: upTo,
      effects: new Uint8Array(),
      skipped: [],
      failure: null,
    }),
  } as unknown as LaneClient;
  const track = new ProjectionTrack(summary, {
    open: async () => ({ serving, building: null }),
    apply: async ({ to }: ProjectionBatch) => ({
      outcome: 'applied',
      position: to,
      hasChanged: true,
      isServing: true,
      refused: [],
      failure: null,
    }),
    lane: () => lane,
    alone: (work) => work(lane),
    buildLanes: () => ({ lanes: [lane], done: () => undefined }),
    head: () => 9,
    grownBeyond: (_, stop) =>
      new Promise((resolve) => stop.addEventListener('abort', () => resolve(), { once: true })),
    locate: async () => ({ stream: '', version: 0, type: '' }),
    onChanged: () => undefined,
    ...ports,
  });
  onTestFinished(() => track.close());
  return track;
}

test('a projection that is refused while it applies tries again only when it is asked to', async () => {
  let opened = 0;
  let isDefective = true;
  const track = follow({
    open: async () => {
      opened++;
      return { serving, building: null };
    },
    apply: async ({ to }) => {
      if (isDefective) throw holdfastError('HOLDFAST_ERR_INVARIANT', 'There is a defect.');
      return {
        outcome: 'applied',
        position: to,
        hasChanged: true,
        isServing: true,
        refused: [],
        failure: null,
      };
    },
  });

  await expect(track.reached(9)).rejects.toThrow(codedError('HOLDFAST_ERR_INVARIANT'));
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);

  expect(opened).toBe(1);
  expect(track.health()).toMatchObject({ state: 'refused' });
  isDefective = false;
  await track.rebuild();
  await track.reached(9);
  expect(track.health()).toMatchObject({ state: 'current', position: 9 });
});

test('a projection that could not be read for a moment is refused at once, and goes on by itself', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const damaged = holdfastError('HOLDFAST_ERR_STORAGE_CORRUPT', 'It is damaged.');
  let failing: 'open' | 'apply' | 'nothing' = 'apply';
  const applied = {
    outcome: 'applied',
    hasChanged: true,
    isServing: true,
    refused: [],
    failure: null,
  } as const;
  const track = follow({
    open: async () => {
      if (failing === 'open') throw damaged;
      return { serving, building: null };
    },
    apply: async ({ to }) => {
      if (failing === 'apply') throw damaged;
      return { ...applied, position: to };
    },
  });
  await expect(track.reached(9)).rejects.toBe(damaged);

  failing = 'open';
  await vi.advanceTimersByTimeAsync(12_000);
  expect(track.health()).toMatchObject({ state: 'refused', failure: { code: damaged.code } });
  await expect(track.reached(9)).rejects.toBe(damaged);

  failing = 'nothing';
  await vi.advanceTimersByTimeAsync(6_000);
  await track.reached(9);
  expect(track.health()).toMatchObject({ state: 'current', position: 9, failure: null });
});

test('a rebuild that is refused leaves what is followed as it is', async () => {
  const newer = holdfastError('HOLDFAST_ERR_PROJECTION_NEWER', 'There is a newer one.', {
    projection: 'notes',
    found: 2,
    supported: 1,
  });
  const track = follow({
    open: async (_, again) => {
      if (again) throw newer;
      return { serving, building: null };
    },
  });
  await track.reached(9);

  await expect(track.rebuild()).rejects.toBe(newer);
  await track.reached(9);
  expect(track.health()).toMatchObject({ failure: null, position: 9 });
});

test.each([
  [
    'the disk is full',
    holdfastError('HOLDFAST_ERR_STORAGE_FULL', 'It is full.'),
    'HOLDFAST_ERR_STORAGE_FULL',
  ],
  ['no thread can be started', new LaneLost('There are no threads.'), 'HOLDFAST_ERR_THREAD_START'],
])(
  'whoever waits while %s is told so after some tries, and the projection goes on by itself',
  async (_, error, code) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    let tries = 0;
    let isShort = true;
    const track = follow({
      open: async () => {
        tries++;
        if (isShort) throw error;
        return { serving, building: null };
      },
    });

    const told = errorOf(track.reached(9));
    await vi.advanceTimersByTimeAsync(3_000);

    expect(await told).toMatchObject({ code, message: expect.stringContaining(error.message) });
    expect(tries).toBeGreaterThan(5);
    const later = track.reached(9);
    isShort = false;
    await vi.advanceTimersByTimeAsync(5_000);
    await later;
    expect(track.health()).toMatchObject({ state: 'current', position: 9 });
  },
);

test('whoever waits, also for a rebuild to begin, is told of a lock once it was waited for twice', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const again: boolean[] = [];
  let isLocked = true;
  const track = follow({
    open: async (_, isAgain) => {
      again.push(isAgain);
      if (!isLocked) return { serving, building: null };
      await new Promise((resolve) => setTimeout(resolve, 30_000));
      throw holdfastError('HOLDFAST_ERR_STORAGE_BUSY', 'It is locked.');
    },
  });

  const told = Promise.all([errorOf(track.reached(9)), errorOf(track.rebuild())]);
  await vi.advanceTimersByTimeAsync(65_000);

  expect(await told).toMatchObject([
    { code: 'HOLDFAST_ERR_STORAGE_BUSY' },
    { code: 'HOLDFAST_ERR_STORAGE_BUSY' },
  ]);
  isLocked = false;
  const rebuilt = track.rebuild();
  await vi.advanceTimersByTimeAsync(30_000);
  await rebuilt;
  expect(again.at(-1)).toBe(true);
});

test('whoever waits is not told at the first failure because there was another one long ago', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const full = holdfastError('HOLDFAST_ERR_STORAGE_FULL', 'It is full.');
  const failures = [full];
  const fail = () => {
    const failure = failures.pop();
    if (failure !== undefined) throw failure;
  };
  let head = 0;
  let grow = (): void => undefined;
  const track = follow({
    open: async () => {
      fail();
      return { serving, building: null };
    },
    apply: async ({ to }) => {
      fail();
      const applied = { outcome: 'applied', position: to, hasChanged: true, isServing: true } as const;
      return { ...applied, refused: [], failure: null };
    },
    head: () => head,
    grownBeyond: () =>
      new Promise((resolve) => {
        grow = resolve;
      }),
  });
  await vi.advanceTimersByTimeAsync(60_000);

  failures.push(full);
  const reached = track.reached(9);
  head = 9;
  grow();
  await vi.advanceTimersByTimeAsync(1_000);

  await expect(reached).resolves.toBeUndefined();
});

test('whoever waits for a rebuild is told what keeps it, although what is served is up to date', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const track = follow({
    open: async () => ({
      serving: { ...serving, position: 9 },
      building: { generation: 2, version: 1, position: 0 },
    }),
    apply: async () => {
      throw holdfastError('HOLDFAST_ERR_STORAGE_FULL', 'It is full.');
    },
  });

  const told = errorOf(track.until(() => track.serving?.generation === 2));
  await vi.advanceTimersByTimeAsync(5_000);

  expect(await told).toMatchObject({ code: 'HOLDFAST_ERR_STORAGE_FULL' });
});

test('two applications that throw away each other’s build take longer and longer before they go on', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  let generation = 0;
  let isAlone = false;
  const track = follow({
    open: async () => ({ serving: null, building: { generation: ++generation, version: 1, position: 0 } }),
    apply: async ({ to }) => {
      await new Promise(setImmediate);
      if (!isAlone) return { outcome: 'moved' };
      const done = { position: to, hasChanged: true, isServing: true, refused: [], failure: null };
      return { outcome: 'applied', ...done };
    },
  });
  const turns = async () => {
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  };

  await turns();
  expect(generation).toBe(2);
  for (const [ms, opened] of [
    [50, 3],
    [50, 3],
    [50, 4],
    [200, 5],
  ] as const) {
    vi.advanceTimersByTime(ms);
    await turns();
    expect(generation).toBe(opened);
  }
  isAlone = true;
  vi.advanceTimersByTime(5_000);
  await track.reached(9);
  expect(track.health()).toMatchObject({ state: 'current', position: 9 });
  track.close();
});
