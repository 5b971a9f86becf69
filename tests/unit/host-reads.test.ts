import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { limits } from '../../runtime/protocol/limits.ts';
import type { LoadedStream, LoadRequest } from '../../runtime/protocol/load.ts';
import { HostReads } from '../../runtime/threads/host-reads.ts';
import { serveRequests } from '../../runtime/threads/request-port.ts';

const page: LoadedStream = {
  types: [],
  schemaVersions: [],
  data: [],
  positions: [],
  version: 0,
  head: '',
  position: 0,
  more: false,
  workOwner: null,
  reply: null,
};

/** A thread that is asked over the first port; it serves the other one once `serve` is called. */
function reading() {
  const { port1, port2 } = new MessageChannel();
  const asked: string[] = [];
  onTestFinished(() => port1.close());
  const load = ({ stream }: LoadRequest): LoadedStream => {
    asked.push(stream);
    return page;
  };
  return { port: port1 as MessagePort, asked, serve: () => serveRequests(port2, { load }) };
}

const loadOf = (stream: number): LoadRequest => ({
  stream: `${stream}`,
  after: 0,
  fingerprint: null,
  key: null,
});

test('a flood of reads is asked of the reader, and no more than the first ones of the store thread', async () => {
  const [store, reader] = [reading(), reading()];
  let wanted = 0;
  const reads = new HostReads(store.port, () => wanted++);
  const flood = Array.from({ length: 10 * limits.firstReadsMax }, (_, stream) => loadOf(stream));

  const loaded = Promise.all(flood.map((request) => reads.load(request)));
  expect(wanted).toBe(1);
  reads.readFrom(reader.port);
  reader.serve();
  expect(await loaded).toEqual(flood.map(() => page));

  expect(reader.asked).toEqual(flood.map(({ stream }) => stream));
  store.serve();
  await expect.poll(() => store.asked).toHaveLength(limits.firstReadsMax);
  expect(wanted).toBe(1);
});

test('a reader is not wanted for a few reads that are answered', async () => {
  const store = reading();
  let wanted = 0;
  const reads = new HostReads(store.port, () => wanted++);
  store.serve();

  for (let stream = 1; stream < limits.firstReadsMax; stream++) await reads.load(loadOf(stream));
  expect(wanted).toBe(0);
  await reads.load(loadOf(0));
  expect(wanted).toBe(1);
});
