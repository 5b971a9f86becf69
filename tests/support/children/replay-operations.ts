// Usage: replay-operations.ts DATABASE COUNT. Hands in COUNT operations of four order keys, two at a time, and carries out
// whatever the queue holds. Repeats what fails. Prints `kept ID`, `began ID`, `done ID` once each is durable, and `error
// CODE` for each failure.
import { isHoldfastError } from '../../../runtime/errors/holdfast-error.ts';
import { SqliteOperations } from '../../../runtime/store/sqlite-operations.ts';
import { openStoreThread } from '../open-store-thread.ts';
import { newOperation, roomy, start } from '../operation-subject.ts';
import { say } from './say.ts';

const [database = '', count = '0'] = process.argv.slice(2);
const attemptsMax = 10;

const client = await openStoreThread(database);
const operations = new SqliteOperations(client);

async function repeated<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      say(`error ${isHoldfastError(error) ? error.code : error}`);
      if (attempts === attemptsMax) throw error;
    }
  }
}

async function handIn(number: number): Promise<void> {
  const id = `${process.pid}-${number}`;
  const operation = newOperation(id, { idempotencyKey: id, orderKey: `key-${number % 4}` });
  await repeated(() => operations.enqueue([operation], roomy, start));
  say(`kept ${id}`);
}

/** False if there was nothing to do. */
async function carryOut(): Promise<boolean> {
  const claim = { queue: 'mail', names: ['send'], limit: 3, sequenceMax: null, isIdle: true };
  const { claimed } = await repeated(() =>
    operations.claim({ ...claim, run: client.run, unfinishedStartsMax: 1_000 }, start),
  );
  for (const { operationId } of claimed) say(`began ${operationId}`);
  const outcomes = claimed.map(({ operationId }) => ({ operationId, outcome: 'done' as const }));
  await repeated(() => operations.settle(client.run, outcomes, start));
  for (const { operationId } of claimed) say(`done ${operationId}`);
  return claimed.length > 0;
}

for (let number = 0; number < Number(count); number += 2) {
  await Promise.all([handIn(number), handIn(number + 1), carryOut()]);
}
while (await carryOut());
await client.close();
