// Usage: deliver-through-outages.ts DATABASE COUNT. To be run in a network namespace of its own: has a receiver there, hands
// in COUNT operations of five order keys while the loopback goes down and up again and again, and prints as JSON what the
// receiver got, in order, how the network was seen, and the metrics of the queue in the end.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRuntime } from 'holdfast';
import { tcpProbe } from 'holdfast/probes';
import { postOperation } from '../post-operation.ts';
import { say } from './say.ts';

const [database = '', count = '0'] = process.argv.slice(2);
const outages = 3;

function setLoopback(state: 'up' | 'down'): void {
  const { status, stderr } = spawnSync('ip', ['link', 'set', 'lo', state], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip link set lo ${state}: ${stderr}`);
}

setLoopback('up');
const got: string[] = [];
const server = createServer((request, response) => {
  request.resume().once('end', () => {
    got.push(String(request.headers['idempotency-key']));
    response.end();
  });
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;

const runtime = await createRuntime({
  database,
  modules: [],
  connectivity: {
    probe: tcpProbe({ host: '127.0.0.1', port }),
    intervalMs: 50,
    offlineIntervalMs: 20,
    timeoutMs: 200,
    pauseMs: 10,
  },
});
const outbox = runtime.storeAndForward(
  'outbox',
  { deliver: (_: number, context) => postOperation(`http://127.0.0.1:${port}/`, context) },
  { concurrency: 3, timeoutMs: 300, attemptsMax: 1, delayMs: 10, delayMaxMs: 50 },
);

async function handInAll(): Promise<void> {
  for (let number = 0; number < Number(count); number++) {
    const idempotencyKey = String(number).padStart(4, '0');
    await outbox.enqueue(number, { idempotencyKey, orderKey: `key-${number % 5}` });
  }
}

const seen: string[] = [];
await runtime.connectivity.waitFor('online');
const handingIn = handInAll();
for (let outage = 0; outage < outages; outage++) {
  setLoopback('down');
  await runtime.connectivity.waitFor('offline');
  seen.push(runtime.connectivity.status);
  // Long enough for what is under way to hear from nobody, every other time.
  if (outage % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 350));
  setLoopback('up');
  await runtime.connectivity.waitFor('online');
  seen.push(runtime.connectivity.status);
  // Some get through before the next outage.
  const before = got.length;
  while (got.length < before + 5 && got.length < Number(count)) await new Promise(setImmediate);
}
await handingIn;
while ((await outbox.metrics()).depth > 0) await new Promise((resolve) => setTimeout(resolve, 5));
say(JSON.stringify({ got, seen, metrics: await outbox.metrics() }));
await runtime.close();
server.close();
server.closeAllConnections();
