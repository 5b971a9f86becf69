import { expect, test } from 'vitest';
import { SkippedEvents } from '../../actors/evolution/skipped-events.ts';
import { sumSkipped } from '../../runtime/protocol/skipped-event.ts';

const skip = (address: string, version: number, type = 'gone') =>
  ({ address, version, type, reason: 'unknown-type' }) as const;

test('an event is counted once, however often its actor is read', () => {
  const events = new SkippedEvents();

  expect(events.add(skip('a/1', 1))).toBe(true);
  expect(events.add(skip('a/1', 3))).toBe(true);
  expect(events.add(skip('a/1', 1))).toBe(false);
  expect(events.add(skip('a/1', 3))).toBe(false);
  expect(events.add(skip('a/2', 1))).toBe(true);

  expect(events.counts()).toEqual([{ kind: 'a', type: 'gone', reason: 'unknown-type', count: 3 }]);
});

test('types beyond the bound are counted together', () => {
  const events = new SkippedEvents({ countsMax: 2 });

  for (const [index, type] of ['a', 'b', 'c', 'd', 'a'].entries()) events.add(skip('k/1', index + 1, type));

  expect(events.counts().map(({ type, count }) => [type, count])).toEqual([
    ['a', 2],
    ['b', 1],
    ['*', 2],
  ]);
});

test('only the actor that was met longest ago falls out of the bound', () => {
  const events = new SkippedEvents({ addressesMax: 2 });

  for (const address of ['k/1', 'k/2']) events.add(skip(address, 1));
  events.add(skip('k/1', 2));
  events.add(skip('k/3', 1));

  expect(events.add(skip('k/1', 2))).toBe(false);
  expect(events.add(skip('k/2', 1))).toBe(true);
});

test('counts of several threads are added up by kind, type and reason', () => {
  const one = { kind: 'k', type: 'gone', reason: 'unknown-type', count: 2 } as const;

  expect(sumSkipped([one, { ...one, reason: 'not-accepted' }, { ...one, count: 3 }])).toEqual([
    { ...one, count: 5 },
    { ...one, reason: 'not-accepted' },
  ]);
});
