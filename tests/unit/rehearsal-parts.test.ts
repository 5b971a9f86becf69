import { expect, test, vi } from 'vitest';
import { PulseWatch } from '../../runtime/cpu/pulse-watch.ts';
import { codeFingerprint, definitionVersionOf, isUsable } from '../../runtime/protocol/code-fingerprint.ts';
import { firstDifference } from '../../runtime/protocol/first-difference.ts';
import { Pulse } from '../../runtime/protocol/pulse.ts';
import type { StreamRow } from '../../runtime/protocol/reader-control.ts';
import type { RehearsalProblem } from '../../runtime/protocol/rehearsal.ts';
import { type StreamBatch, streamBatches } from '../../runtime/rehearse/stream-batches.ts';
import { Tally } from '../../runtime/rehearse/tally.ts';

const problem = (change: Partial<RehearsalProblem> = {}): RehearsalProblem => ({
  problem: 'throws',
  kind: 'k',
  stream: 'k/1',
  version: 1,
  position: 1,
  type: 'added',
  message: 'because',
  ...change,
});

test('every problem is counted, and twenty of a sort are listed', () => {
  const tally = new Tally();

  for (let index = 0; index < 30; index++) tally.found(problem({ version: index }));
  for (let index = 0; index < 30; index++) tally.found(problem({ type: 'other', version: index }));

  const { counts, problems, kinds, ok } = tally.report();
  expect(ok).toBe(false);
  expect(counts).toEqual({ throws: 60 });
  expect(kinds).toEqual([{ kind: 'k', streams: 0, events: 0, counts: { throws: 60 } }]);
  expect(problems).toHaveLength(40);
});

test('a thousand problems are listed at the most', () => {
  const tally = new Tally();

  for (let index = 0; index < 1_500; index++) tally.found(problem({ type: `type-${index}` }));

  expect(tally.report().problems).toHaveLength(1_000);
  expect(tally.report().counts).toEqual({ throws: 1_500 });
});

test('tallies of several threads add up, and are bounded together', () => {
  const whole = new Tally();
  for (const kind of ['b', 'a', 'b']) {
    const part = new Tally();
    part.replayed(kind, 2, 10);
    for (let index = 0; index < 15; index++) part.found(problem({ kind, version: index }));
    whole.add(part.report());
  }

  const { streams, events, kinds, counts, problems } = whole.report();

  expect({ streams, events, counts }).toEqual({ streams: 6, events: 30, counts: { throws: 45 } });
  expect(kinds.map(({ kind, streams }) => [kind, streams])).toEqual([
    ['a', 2],
    ['b', 4],
  ]);
  expect(problems).toHaveLength(35);
});

async function batchesOf(rows: readonly (readonly [string, number])[], kinds?: readonly string[]) {
  const all: StreamRow[] = rows.map(([stream, version], index) => [index + 1, stream, version]);
  const leftOut: number[] = [];
  const readPage = async (after: number) => all.filter(([id]) => id > after).slice(0, 100);
  const batches: StreamBatch[] = [];
  for await (const batch of streamBatches(readPage, kinds, (events) => leftOut.push(events)))
    batches.push(batch);
  return { batches, leftOut: leftOut.reduce((sum, events) => sum + events, 0) };
}

test('streams are parted by events and by number, and none is lost', async () => {
  const rows = Array.from({ length: 1_000 }, (_, index) => [`k/${index}`, (index * 37) % 100] as const);

  const { batches } = await batchesOf(rows);

  const expected = rows.filter(([, length]) => length > 0).map(([stream]) => stream);
  expect(batches.flatMap(({ streams }) => streams)).toEqual(expected);
  expect(batches.length).toBeGreaterThan(3);
  for (const { streams, lengths } of batches) {
    expect(streams.length).toBeLessThanOrEqual(256);
    expect(lengths.slice(0, -1).reduce((sum, length) => sum + length, 0)).toBeLessThan(4_096);
  }
});

test('names that are no address, kinds of Holdfast, and kinds that were not asked for are left out', async () => {
  const rows = [
    ['plain', 1],
    ['/id', 2],
    ['kind/', 4],
    ['holdfast.saga/1', 8],
    ['k/1', 16],
    ['l/1', 32],
  ] as const;

  const { batches, leftOut } = await batchesOf(rows);
  const ofOneKind = await batchesOf(rows, ['l']);

  expect(batches.map(({ streams }) => streams)).toEqual([['k/1', 'l/1']]);
  expect(leftOut).toBe(15);
  expect(ofOneKind.batches.map(({ streams }) => streams)).toEqual([['l/1']]);
});

test('without a stream there is one batch, to load the modules', async () => {
  expect((await batchesOf([])).batches).toEqual([{ streams: [], lengths: [] }]);
  expect(
    (await batchesOf(Array.from({ length: 256 }, (_, id) => [`k/${id}`, 1] as const))).batches,
  ).toHaveLength(1);
});

test.each<[actual: unknown, expected: unknown, difference: string | undefined]>([
  [{ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 }, undefined],
  [{ a: 1 }, { a: 2 }, 'a is 1 instead of 2'],
  [{ a: { b: [1, 2] } }, { a: { b: [1, 3] } }, 'a.b.1 is 2 instead of 3'],
  [{ a: 1 }, {}, 'a is 1 instead of missing'],
  [{}, { a: null }, 'a is missing instead of null'],
  [[], {}, 'it is [] instead of {}'],
  [null, {}, 'it is null instead of {}'],
])('the first difference of %j and %j is named', (actual, expected, difference) => {
  expect(firstDifference(actual, expected)).toBe(difference);
});

test('a fingerprint says which version it is of, and which snapshots can be used', () => {
  const own = codeFingerprint(3, 'abc');

  expect(definitionVersionOf(own)).toBe(3);
  expect(definitionVersionOf('abc')).toBeUndefined();
  expect(definitionVersionOf('')).toBeUndefined();
  expect(isUsable(own, { fingerprint: own })).toBe(true);
  expect(isUsable(codeFingerprint(2, 'abc'), { fingerprint: own })).toBe(false);
  expect(isUsable(codeFingerprint(2, 'abc'), { fingerprint: own, migrateBelow: 3 })).toBe(true);
  expect(isUsable(codeFingerprint(3, 'def'), { fingerprint: own, migrateBelow: 3 })).toBe(false);
  expect(isUsable(codeFingerprint(4, 'abc'), { fingerprint: own, migrateBelow: 3 })).toBe(false);
  expect(isUsable('abc', { fingerprint: own, migrateBelow: 3 })).toBe(false);
});

/** A watch of a thread that does `work` before each of the ticks of two seconds; whether it was given up. */
function watched(work: (pulse: Pulse, tick: number) => void): boolean {
  vi.useFakeTimers();
  try {
    let isHung = false;
    const options = { limitMs: 1_000, onTick: () => undefined, onHung: () => (isHung = true) };
    const watch = new PulseWatch(options);
    const seen = new Pulse(watch.pulse.cells);
    for (let tick = 0; tick < 20; tick++) {
      work(seen, tick);
      vi.advanceTimersByTime(100);
    }
    watch.stop();
    return isHung;
  } finally {
    vi.useRealTimers();
  }
}

test('a thread is given up when an event does not come to its end, and not for being slow or waiting', () => {
  expect(watched((pulse, tick) => tick === 0 && pulse.computes(0, 1))).toBe(true);
  expect(watched((pulse, tick) => pulse.computes(0, tick))).toBe(false);
  expect(watched((pulse, tick) => tick % 8 === 0 && pulse.computes(0, tick))).toBe(false);
  expect(watched((pulse, tick) => tick === 0 && pulse.waits())).toBe(false);
  expect(watched(() => undefined)).toBe(false);
});
