import { expect, test } from 'vitest';
import { inMemorySubject } from '../support/in-memory-operation-subject.ts';
import { OneQueue, second, start } from '../support/operation-subject.ts';

test('a claim tells when the next of very many scheduled operations is due', async () => {
  const { store, begin } = inMemorySubject();
  begin('a');
  const queue = new OneQueue(store);
  for (let id = 0; id < 130_000; id++) await queue.add(`${id}`, { dueAt: start + (130_000 - id) * second });

  expect(await queue.look()).toMatchObject({ claimed: [], nextDueAt: start + second });
});
