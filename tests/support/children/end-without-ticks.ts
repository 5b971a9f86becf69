// Usage: end-without-ticks.ts. Ends a thread that owes an answer while nothing comes of `process.nextTick`, as under fake
// timers that nobody advances, and prints what the caller is told.
import { Thread } from '../../../runtime/threads/thread.ts';
import { say } from './say.ts';

const source = `
  import { parentPort, workerData } from 'node:worker_threads';
  workerData.control.on('message', () => undefined);
  parentPort.postMessage({ holdfast: {} });`;
const workerUrl = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
const thread = new Thread<{ ask(): string }>({ role: 'host', name: 'host 0.1', workerUrl, data: {} });
await thread.started();
const told = thread.control.call('ask', []).catch((error: { code: string }) => error.code);

const { nextTick } = process;
process.nextTick = () => undefined;
const giveUp = setTimeout(() => {
  process.nextTick = nextTick;
  say('nothing');
}, 5_000);
await thread.kill();
const code = await told;
process.nextTick = nextTick;
clearTimeout(giveUp);
say(code);
