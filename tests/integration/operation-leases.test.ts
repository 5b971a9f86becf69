import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ChildProgram, runChild } from '../support/child-program.ts';
import { codedError } from '../support/coded-error.ts';
import { newOperation, roomy, start } from '../support/operation-subject.ts';
import { openSqliteOperations } from '../support/sqlite-operation-subjects.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { isThorough } from '../support/thorough.ts';

async function fileWith(...ids: string[]): Promise<string> {
  const path = join(temporaryFolder(), 'app.db');
  const { client, queue } = await openSqliteOperations(path);
  for (const id of ids) await queue.add(id);
  await client.close();
  return path;
}

test.for(isThorough ? ['exit', 'throw'] : ['exit'])(
  'an operation under which the process ends by %s is parked',
  async (how) => {
    const path = await fileWith('1');
    const lines: string[] = [];

    for (let round = 0; round < 4; round++) {
      lines.push(...(await runChild('die-in-operation.ts', [path, how])).lines);
    }

    expect(lines).toEqual(['began 1', 'began 1', 'began 1', 'parked 1']);
  },
);

test('what a run has in hand that closes in good order was not started in vain', async () => {
  const path = await fileWith('1', '2');
  const lines: string[] = [];

  for (let round = 0; round < 4; round++) {
    lines.push(...(await runChild('die-in-operation.ts', [path, 'close'])).lines);
  }

  expect(lines).toEqual(Array.from({ length: 4 }, () => ['began 1', 'began 2']).flat());
});

test('two runtimes of one process have leases of their own, which end with them', async () => {
  const path = await fileWith('1');
  const first = await openSqliteOperations(path);
  const second = await openSqliteOperations(path);
  onTestFinished(() => second.client.close());
  expect(await first.queue.claimIds()).toEqual(['1']);
  expect(await second.queue.claimIds()).toEqual([]);

  await first.client.close();

  expect(await second.queue.claimIds()).toEqual(['1']);
});

test('leases end with their runtime, also where it could not write so and its process goes on', async () => {
  const path = await fileWith('1');
  const first = await openSqliteOperations(path);
  const second = await openSqliteOperations(path);
  onTestFinished(() => second.client.close());
  expect(await first.queue.claimIds()).toEqual(['1']);
  expect(await second.queue.claimIds()).toEqual([]);
  const other = new ChildProgram('hold-lock.ts', [path]);
  await other.printed(1);

  first.client.hurryAfter(0);
  await first.client.close();
  other.write('enough');
  await other.ended;

  expect(await second.queue.claimIds()).toEqual(['1']);
  const third = await openSqliteOperations(path);
  onTestFinished(() => third.client.close());
  expect(await third.queue.claimIds()).toEqual([]);
});

test('calls that are made together are kept together, and each hears of its own', async () => {
  const path = await fileWith();
  const { client, queue } = await openSqliteOperations(path);
  onTestFinished(() => client.close());

  const results = await Promise.allSettled([
    queue.add('1'),
    queue.add('2', { priority: 0.5 }),
    queue.add('3', {}, { itemsMax: 1 }),
    queue.add('4'),
  ]);

  expect(results).toMatchObject([
    { value: { outcome: 'enqueued' } },
    { reason: codedError('HOLDFAST_ERR_INVARIANT') },
    { value: { outcome: 'refused' } },
    { value: { outcome: 'enqueued' } },
  ]);
  expect(await queue.ids()).toEqual(['1', '4']);
});

test('what is handed in before a store closes is kept or refused, and said so', async () => {
  const path = await fileWith();
  const { client, operations, queue } = await openSqliteOperations(path);
  const early = operations.enqueue([newOperation('1')], roomy, start);
  await Promise.resolve();
  const closing = client.close();
  const late = queue.add('2');

  await expect(early).resolves.toMatchObject([{ outcome: 'enqueued' }]);
  await expect(late).rejects.toMatchObject({
    code: expect.stringMatching(/^HOLDFAST_ERR_(CLOSED|THREAD_EXITED)$/),
  });
  await closing;
});
