import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { Mailbox } from '../../runtime/hosts/mailboxes.ts';
import { PendingRequest } from '../../runtime/hosts/pending-request.ts';
import { Quarantine } from '../../runtime/hosts/quarantine.ts';
import type { Frame } from '../../runtime/protocol/append-frame.ts';
import type { HostThreadData } from '../../runtime/protocol/host-control.ts';
import type { DeathEvidence } from '../../runtime/protocol/host-death.ts';
import { blankRequest } from '../../runtime/protocol/host-messages.ts';
import type { ThreadData } from '../../runtime/threads/thread.ts';
import { replaceThreading, systemThreading, type Threading } from '../../runtime/threads/threading.ts';
import { codedError } from '../support/coded-error.ts';
import { hostThreadOptions } from '../support/host-thread-options.ts';
import { playedWorker } from '../support/played-worker.ts';

/** Has host threads answer each request, and end with their answer or without one where the name of the request says so. */
function answerAndEnd(): void {
  const startWorker: Threading['startWorker'] = (_, { workerData }) => {
    const { requests } = (workerData as ThreadData).data as HostThreadData;
    const worker = playedWorker();
    requests.on('message', ([id, , , name]: Frame) => {
      if (name !== 'die') requests.postMessage([id, 'appended', 1, 1, 'head', 'state', null, 'active']);
      if (name !== '') worker.emit('exit', 0);
    });
    void setImmediate().then(() => worker.emit('message', { holdfast: {} }));
    return worker;
  };
  onTestFinished(replaceThreading({ ...systemThreading, startWorker }));
}

const evidence: DeathEvidence = { cause: 'exit', message: 'it ended', stack: null, figures: {} };
const mailbox: Mailbox = {
  address: 'order/1',
  unanswered: 0,
  sent: 0,
  queue: undefined,
  isHeld: true,
  isInRound: false,
};

/** A quarantine whose store does what the test says, with the calls that it gets. */
function openQuarantine(callStore: (method: string) => unknown) {
  const calls: string[] = [];
  const call = async (method: string) => {
    calls.push(method);
    return callStore(method);
  };
  const backend = { store: () => ({ run: 'run', thread: { control: { call } } }) };
  const quarantine = new Quarantine({
    ...hostThreadOptions(backend),
    host: 0,
    place: 1,
    settle: (pending, answer) => pending.answer(answer),
    release: () => undefined,
  });
  onTestFinished(() => quarantine.close());
  return { quarantine, calls };
}

let lastId = 0;

/** A request that is tried, and what becomes of it. */
function requestOf(name: string) {
  let pending: PendingRequest | undefined;
  const answer = new Promise((resolve) => {
    const request = { ...blankRequest('wake', mailbox.address), id: ++lastId, name };
    const owner = { abandon: () => undefined };
    pending = new PendingRequest(
      request,
      mailbox,
      owner,
      Infinity,
      ({ outcome }) => outcome,
      resolve,
      resolve,
    );
  });
  return { pending: pending as PendingRequest, answer };
}

test('what is between two threads when it is closed is not begun any more', async () => {
  answerAndEnd();
  const fence = Promise.withResolvers<void>();
  const fencing = Promise.withResolvers<void>();
  const { quarantine, calls } = openQuarantine((method) => {
    if (method !== 'fenceHost') return;
    fencing.resolve();
    return fence.promise;
  });
  const [first, second, culprit] = [requestOf('end'), requestOf(''), requestOf('')];
  quarantine.admit(mailbox, [first.pending, second.pending, culprit.pending], evidence);
  await fencing.promise;
  // By then the second one waits for the fence.
  await setImmediate();

  const closed = quarantine.close();
  fence.resolve();
  await closed;

  expect(await first.answer).toBe('appended');
  const refused = codedError('HOLDFAST_ERR_CLOSED');
  expect(await Promise.all([second.answer, culprit.answer])).toEqual([refused, refused]);
  expect(calls.filter((method) => method === 'connectHost')).toHaveLength(1);
});

test('what came before the culprit is poison once it has killed a thread that it had for itself', async () => {
  answerAndEnd();
  const { quarantine, calls } = openQuarantine(() => undefined);
  const [first, second, culprit] = [requestOf(''), requestOf('die'), requestOf('')];

  quarantine.admit(mailbox, [first.pending, second.pending, culprit.pending], evidence);

  expect(await Promise.all([first.answer, culprit.answer])).toEqual(['appended', 'appended']);
  expect(await second.answer).toEqual(codedError('HOLDFAST_ERR_POISON_MESSAGE'));
  expect(calls.filter((method) => method === 'connectHost')).toHaveLength(3);
});

test('what came before the culprit and may be durable is tried again with a key only', async () => {
  answerAndEnd();
  const { quarantine } = openQuarantine(() => undefined);
  const [first, culprit] = [requestOf('die'), requestOf('')];
  first.pending.mayBeDurable = true;

  quarantine.admit(mailbox, [first.pending, culprit.pending], evidence);

  expect(await first.answer).toEqual(codedError('HOLDFAST_ERR_HOST_DIED'));
  expect(await culprit.answer).toBe('appended');
});
