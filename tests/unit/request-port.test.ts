import { MessageChannel } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { RequestClient, serveRequests } from '../../runtime/threads/request-port.ts';
import { codedError } from '../support/coded-error.ts';

test('a request that the other thread does not know is refused, and the others are answered', async () => {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  serveRequests(port2, { known: () => 'answer' });
  const client = new RequestClient<{ known(): string; unknown(): string }>(port1);

  const answers = await Promise.allSettled([client.request('unknown'), client.request('known')]);

  expect(answers).toEqual([
    { status: 'rejected', reason: codedError('HOLDFAST_ERR_INVARIANT') },
    { status: 'fulfilled', value: 'answer' },
  ]);
});
