import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PendingAnswers } from '../../runtime/threads/pending-answers.ts';

type Step = { readonly ask: number } | { readonly answer: number };

/** Questions in bursts, and answers to one of those that wait: mostly the oldest, sometimes any. */
const steps = fc.array(
  fc.oneof(
    fc.record({ ask: fc.integer({ min: 1, max: 200 }) }),
    fc.record({ answer: fc.constant(0) }),
    fc.record({ answer: fc.nat({ max: 10_000 }) }),
  ),
  { maxLength: 60 },
) as fc.Arbitrary<Step[]>;

/** How many are answered with each step, so that about as many are answered as ask. */
const answersAtOnce = 90;

test('each one who waits is told its own answer once, in whatever order answers come', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const pending = new PendingAnswers<number>();
      const waiting = new Map<number, number>();
      const told: (readonly [asked: number, answer: number | string])[] = [];
      let asked = 0;
      for (const step of taken) {
        if ('ask' in step) {
          for (let left = step.ask; left > 0; left--) {
            const mine = ++asked;
            const id = pending.add((answer) =>
              told.push([mine, answer instanceof Error ? answer.message : answer]),
            );
            waiting.set(id as number, mine);
          }
          continue;
        }
        for (let left = answersAtOnce; left > 0 && waiting.size > 0; left--) {
          const id = [...waiting.keys()][step.answer % waiting.size] as number;
          pending.settle(id, id * 10);
          // Told again, it is nobody's.
          pending.settle(id, -1);
          expect(told.at(-1)).toEqual([waiting.get(id), id * 10]);
          waiting.delete(id);
        }
      }
      const before = told.length;
      expect(before).toBe(asked - waiting.size);
      pending.settle(asked + 1, -1);
      pending.fail(new Error('gone'));
      expect(told.slice(before)).toEqual([...waiting.values()].map((mine) => [mine, 'gone']));
    }),
  );
});

test('one that is never answered costs those that come and go after it nothing', () => {
  const pending = new PendingAnswers<number>();
  const told: number[] = [];
  const late = pending.add((answer) => told.push(answer as number)) as number;
  for (let round = 0; round < 1_000; round++) {
    const id = pending.add(() => undefined) as number;
    pending.settle(id, 0);
  }
  pending.settle(late, 7);
  expect(told).toEqual([7]);
});

test('one that has waited for long is found also after many more have come to wait', () => {
  const pending = new PendingAnswers<number>();
  const told: number[] = [];
  const late = pending.add((answer) => told.push(answer as number)) as number;
  for (let round = 0; round < 33; round++) pending.settle(pending.add(() => undefined) as number, 0);
  const others = Array.from({ length: 300 }, () => pending.add((answer) => told.push(answer as number)));
  pending.settle(late, 7);
  for (const id of others) pending.settle(id as number, 8);
  expect(told).toEqual([7, ...others.map(() => 8)]);
});

test('settled resolves when the last one was told, and at once if nobody waits', async () => {
  const pending = new PendingAnswers<number>();
  await pending.settled();
  const ids = Array.from({ length: 100 }, () => pending.add(() => undefined) as number);
  let isSettled = false;
  const settled = pending.settled().then(() => {
    isSettled = true;
  });
  for (const id of ids.slice(1)) pending.settle(id, 0);
  await new Promise(setImmediate);
  expect(isSettled).toBe(false);
  pending.settle(ids[0] as number, 0);
  await settled;
  expect(isSettled).toBe(true);
});

test('whoever waits until nobody waits any more is told so, however many do', async () => {
  const pending = new PendingAnswers<number>();
  const ids = [1, 2].map(() => pending.add(() => undefined) as number);
  let told = 0;
  const waiting = Array.from({ length: 3 }, () => pending.settled().then(() => told++));

  pending.settle(ids[0] as number, 0);
  await new Promise(setImmediate);
  expect(told).toBe(0);
  pending.settle(ids[1] as number, 0);
  await Promise.all(waiting);

  pending.add(() => undefined);
  const failed = [pending.settled(), pending.settled()];
  pending.fail(new Error('gone'));
  await Promise.all(failed);
});
