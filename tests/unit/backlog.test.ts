import { expect, test } from 'vitest';
import { Backlog } from '../../runtime/hosts/backlog.ts';
import type { HostThreadClient } from '../../runtime/hosts/host-thread-client.ts';
import { PendingRequest } from '../../runtime/hosts/pending-request.ts';
import { blankRequest, type HostRequest } from '../../runtime/protocol/host-messages.ts';
import { limits } from '../../runtime/protocol/limits.ts';

/** A backlog with a thread that takes requests, and answers when the test says. */
function openBacklog() {
  const backlog = new Backlog(4_096, () => undefined);
  const taken: HostRequest[] = [];
  const client = {
    board: { clear: () => undefined },
    send: (request: HostRequest) => void taken.push(request),
  };
  backlog.connect(client as unknown as HostThreadClient);
  const send = (address: string, payload: string): void => {
    const mailbox = backlog.enter(address, 'reject');
    const ignore = (): void => undefined;
    const request = { ...blankRequest('send', address), payload };
    backlog.send(new PendingRequest(request, mailbox, backlog, Infinity, ignore, ignore, ignore));
  };
  const answer = (index: number): void => backlog.answered(taken[index]?.id ?? 0, new Error('done'));
  return { backlog, taken, send, answer };
}

const half = 'x'.repeat(limits.hostInFlightLengthMax / 2);

test('no more leaves for a thread while the payloads that are with it come to too much', () => {
  const { taken, send, answer } = openBacklog();

  for (let index = 0; index < 4; index++) send(`a/${index}`, half);
  send('a/4', '{}');
  expect(taken.map(({ address }) => address)).toEqual(['a/0', 'a/1']);
  answer(0);
  expect(taken.map(({ address }) => address)).toEqual(['a/0', 'a/1', 'a/2']);
  for (const index of [1, 2]) answer(index);

  expect(taken.map(({ address }) => address)).toEqual(['a/0', 'a/1', 'a/2', 'a/3', 'a/4']);
});

test('what was with a thread that has ended makes room for the next', () => {
  const { backlog, taken, send } = openBacklog();
  for (const address of ['a/0', 'a/1', 'a/2']) send(address, half);

  const left = backlog.disconnect();
  backlog.putBack(left);
  taken.length = 0;
  const next = {
    board: { clear: () => undefined },
    send: (request: HostRequest) => void taken.push(request),
  };
  backlog.connect(next as unknown as HostThreadClient);

  expect(taken).toHaveLength(2);
});
