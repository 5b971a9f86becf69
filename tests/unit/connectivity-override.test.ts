import { expect, onTestFinished, test } from 'vitest';
import type { Router, Watcher } from '../../runtime/hosts/router.ts';
import { encode } from '../../runtime/protocol/codec.ts';
import type { HostReceipt, HostRequest } from '../../runtime/protocol/host-messages.ts';
import { Connectivity } from '../../runtime/resilience/connectivity.ts';
import { resolveConnectivity } from '../../runtime/resilience/connectivity-options.ts';

/** What is known of a network whose actor keeps the override that it was told, unless that fails. */
function overridden() {
  const held = { status: 'none' };
  const failures: Error[] = [];
  const router = {
    request: async ({ name, payload }: HostRequest) => {
      await new Promise(setImmediate);
      const failure = name === 'override' ? failures.pop() : undefined;
      if (failure !== undefined) throw failure;
      if (name === 'override') held.status = (JSON.parse(payload) as typeof held).status;
      if (name === 'release') held.status = 'none';
      return true;
    },
    watch(_: unknown, watcher: Watcher) {
      const context = encode({ context: { check: 0, override: null, reason: null, failures: 0 } });
      const state = { status: 'online', probing: 'waiting' };
      queueMicrotask(() => watcher.changed({ status: 'active', state, context } as unknown as HostReceipt));
      return () => undefined;
    },
  } as unknown as Router;
  const connectivity = new Connectivity(router, resolveConnectivity());
  onTestFinished(() => connectivity.close());
  return { connectivity, held, failures };
}

test('an override that is released while a later one is on its way does not hold when that one fails', async () => {
  const { connectivity, held, failures } = overridden();
  const release = await connectivity.override('offline');
  const failure = new Error('no answer in time');

  failures.push(failure);
  const later = connectivity.override('degraded');
  await release();

  await expect(later).rejects.toBe(failure);
  await expect.poll(() => held.status).toBe('none');
});

test('an override holds on where a later one fails', async () => {
  const { connectivity, held, failures } = overridden();
  const release = await connectivity.override('offline');

  failures.push(new Error('no answer in time'));
  await expect(connectivity.override('degraded')).rejects.toThrow();
  await new Promise(setImmediate);
  expect(held.status).toBe('offline');
  await release();

  expect(held.status).toBe('none');
});
