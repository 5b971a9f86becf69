import { decode } from '../../protocol/codec.ts';
import type { SutMessage } from './sut-message.ts';
import { openSutChannel } from './virtual-clock.ts';
import { workOfThread } from './work-registry.ts';

/** Has this host thread do as the test says. `name` is that of the thread, where Node.js tells it. */
export function obey(name: string): void {
  const channel = openSutChannel();
  const place = /host (\d+)\./.exec(name)?.[1];
  channel.onmessage = (message) => {
    const { data } = message as { data: SutMessage };
    if (data.kind === 'tell') {
      const value: unknown = decode(data.value);
      if (workOfThread.tell(data.id, data.key, { end: data.end, value })) {
        const told: SutMessage = { kind: 'told', id: data.id };
        channel.postMessage(told);
      }
    }
    if (data.kind === 'crash' && (place === undefined || Number(place) === data.host)) setImmediate(crash);
  };
}

/** In a turn of its own, so that nothing that runs in the thread is taken for the cause. */
function crash(): never {
  throw new Error('The test has had this host thread crash.');
}
