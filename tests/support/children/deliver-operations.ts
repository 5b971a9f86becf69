// Usage: deliver-operations.ts DATABASE URL NAME COUNT. Hands in COUNT operations NAME-0, NAME-1, ... of five order keys,
// ten at a time, cancels some, and sends whatever the queue holds to URL. Prints `kept KEY`, `cancels KEY` before a cancel,
// `cancelled KEY` after it if it was acknowledged, and `began KEY` before each delivery. Ends when the queue is empty.
import { alwaysOnline, createRuntime } from 'holdfast';
import { postOperation } from '../post-operation.ts';
import { say } from './say.ts';

const [database = '', url = '', name = '', count = '0'] = process.argv.slice(2);
const batch = 10;

await using runtime = await createRuntime({ database, modules: [], connectivity: { probe: alwaysOnline } });
const outbox = runtime.storeAndForward(
  'outbox',
  {
    deliver: async (_: number, context) => {
      say(`began ${context.idempotencyKey}`);
      await postOperation(url, context);
    },
  },
  { concurrency: 3, delayMs: 10, delayMaxMs: 50 },
);

async function handIn(number: number): Promise<void> {
  const key = `${name}-${number}`;
  const { operationId } = await outbox.enqueue(number, {
    idempotencyKey: key,
    orderKey: `key-${number % 5}`,
  });
  say(`kept ${key}`);
  if (number % 7 !== 6) return;
  say(`cancels ${key}`);
  if (await outbox.cancel(operationId)) say(`cancelled ${key}`);
}

for (let first = 0; first < Number(count); first += batch) {
  const numbers = Array.from({ length: Math.min(batch, Number(count) - first) }, (_, at) => first + at);
  await Promise.all(numbers.map(handIn));
}
while ((await outbox.metrics()).depth > 0) await new Promise((resolve) => setTimeout(resolve, 5));
