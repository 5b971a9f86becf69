import { expect, test } from 'vitest';
import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import type { EnqueueCall } from '../../runtime/protocol/store-control.ts';
import { SqliteOperations } from '../../runtime/store/sqlite-operations.ts';
import type { StoreClient } from '../../runtime/threads/store-client.ts';
import { codedError } from '../support/coded-error.ts';
import { newOperation, roomy, start } from '../support/operation-subject.ts';

/** A store thread that answers when it is told to, with the ids that it was given or an error. */
function fakeThread() {
  const calls: { ids: string[][]; answer: (error?: Error) => void }[] = [];
  const call = (method: string, [handedIn]: [EnqueueCall[]], { timeoutMs }: { timeoutMs: number }) => {
    expect([method, timeoutMs]).toEqual(['enqueueOperations', Number.POSITIVE_INFINITY]);
    const results = handedIn.map(({ operations }) =>
      operations.map(({ operationId }) => ({ outcome: 'enqueued', operationId })),
    );
    return new Promise((resolve, reject) => {
      const answer = (error?: Error) => (error === undefined ? resolve(results) : reject(error));
      calls.push({ ids: results.map((of) => of.map(({ operationId }) => operationId)), answer });
    });
  };
  const operations = new SqliteOperations({
    run: 'run',
    thread: { control: { call } },
  } as unknown as StoreClient);
  const enqueue = async (...ids: string[]) => {
    const results = await operations.enqueue(
      ids.map((id) => newOperation(id)),
      roomy,
      start,
    );
    return results.map(({ operationId }) => operationId);
  };
  return { calls, enqueue };
}

const turn = () => new Promise(setImmediate);

test('calls of one turn share a transaction, and so do those that come while one is under way', async () => {
  const { calls, enqueue } = fakeThread();
  const first = [enqueue('1', '2'), enqueue('3')];
  await turn();
  const second = [enqueue('4')];
  await turn();
  second.push(enqueue('5'));
  expect(calls.map(({ ids }) => ids)).toEqual([[['1', '2'], ['3']]]);

  calls[0]?.answer();

  expect(await Promise.all(first)).toEqual([['1', '2'], ['3']]);
  await turn();
  expect(calls.map(({ ids }) => ids)).toEqual([
    [['1', '2'], ['3']],
    [['4'], ['5']],
  ]);
  calls[1]?.answer();
  expect(await Promise.all(second)).toEqual([['4'], ['5']]);
});

test('an error of the disk fails all that share the transaction, and nobody after them', async () => {
  const { calls, enqueue } = fakeThread();
  const failing = [enqueue('1'), enqueue('2')];
  await turn();
  calls[0]?.answer(holdfastError('HOLDFAST_ERR_OUTCOME_UNKNOWN', 'The disk failed.'));

  for (const each of failing) await expect(each).rejects.toEqual(codedError('HOLDFAST_ERR_OUTCOME_UNKNOWN'));
  const next = enqueue('3');
  await turn();
  calls[1]?.answer();
  expect(await next).toEqual(['3']);
});

test('a call that the database refuses does not fail its neighbours', async () => {
  const { calls, enqueue } = fakeThread();
  const all = Promise.allSettled([enqueue('1'), enqueue('bad'), enqueue('3')]);
  const refusal = holdfastError('HOLDFAST_ERR_INVARIANT', 'Refused.');
  await turn();
  calls[0]?.answer(refusal);
  for (const at of [1, 2, 3]) {
    await turn();
    calls[at]?.answer(calls[at].ids[0]?.[0] === 'bad' ? refusal : undefined);
  }

  expect(await all).toEqual([
    { status: 'fulfilled', value: ['1'] },
    { status: 'rejected', reason: codedError('HOLDFAST_ERR_INVARIANT') },
    { status: 'fulfilled', value: ['3'] },
  ]);
});
