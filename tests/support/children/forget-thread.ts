// Usage: node --expose-gc forget-thread.ts. Ends threads in the middle of a call, and prints what becomes of the first.
import { Thread } from '../../../runtime/threads/thread.ts';
import { say } from './say.ts';

const source = `
  import { parentPort, workerData } from 'node:worker_threads';
  workerData.control.on('message', () => process.exit());
  parentPort.postMessage({ holdfast: {} });`;
const workerUrl = new URL(`data:text/javascript,${encodeURIComponent(source)}`);

async function lostThread(): Promise<WeakRef<object>> {
  const thread = new Thread<{ ask(): void }>({ role: 'store', name: 'store', workerUrl, data: {} });
  await thread.started();
  await thread.control.call('ask', []).catch(() => undefined);
  await thread.ended;
  return new WeakRef(thread);
}

const lost = await lostThread();
// Node.js itself keeps what it did last.
for (let count = 0; count < 3; count++) await lostThread();
const deadline = Date.now() + 5_000;
while (lost.deref() !== undefined && Date.now() < deadline) {
  // Whoever looks at what is collected keeps it for a turn.
  await new Promise(setImmediate);
  globalThis.gc?.();
}
say(lost.deref() === undefined ? 'forgotten' : 'kept');
