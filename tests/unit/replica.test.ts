import { expect, onTestFinished, test, vi } from 'vitest';
import type { Router, Watcher } from '../../runtime/hosts/router.ts';
import { encode } from '../../runtime/protocol/codec.ts';
import type { HostReceipt } from '../../runtime/protocol/host-messages.ts';
import { Replica } from '../../runtime/resilience/replica.ts';

/** A router that tells all who watch an actor, whose next beginnings may fail. */
function routing() {
  const watchers = new Set<Watcher>();
  const failures: Error[] = [];
  const tell = (status: string) => {
    const receipt = { status, state: 'idle', context: encode({ context: {} }, 'context') };
    for (const watcher of [...watchers]) watcher.changed(receipt as HostReceipt);
  };
  const router = {
    request: async () => {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      return true;
    },
    watch(_: unknown, watcher: Watcher) {
      watchers.add(watcher);
      queueMicrotask(() => tell('active'));
      return () => void watchers.delete(watcher);
    },
  } as unknown as Router;
  return { router, watchers, failures, tell };
}

test('an actor that could not begin anew at once is then followed as often as before', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { router, watchers, failures, tell } = routing();
  const onChange = vi.fn();
  const replica = new Replica({ router, kind: 'holdfast.circuit', id: 'mail', input: {}, onChange });
  await replica.begin();

  failures.push(new Error('its thread has died again'));
  tell('absent');
  await vi.advanceTimersByTimeAsync(10_000);
  onChange.mockClear();
  tell('active');

  expect(onChange).toHaveBeenCalledOnce();
  replica.close();
  expect(watchers.size).toBe(0);
});
