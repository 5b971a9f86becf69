import { expect, test } from 'vitest';
import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import type { EventStoreBackend } from '../../runtime/ports/event-store-backend.ts';
import { follow } from '../../runtime/store/subscription.ts';
import { codedError } from '../support/coded-error.ts';

/** A log that has an event, and fails to read it after something else was done. */
function failing(before: () => void): EventStoreBackend {
  const backend: Partial<EventStoreBackend> = {
    watch(listener) {
      listener(1);
      return () => undefined;
    },
    async readLog() {
      before();
      throw holdfastError('HOLDFAST_ERR_CLOSED', 'The store was closed meanwhile.');
    },
  };
  return backend as EventStoreBackend;
}

test('a subscription that is stopped while it reads ends without an error, whatever becomes of the read', async () => {
  const stop = new AbortController();

  const events = follow(
    failing(() => stop.abort()),
    0,
    stop.signal,
  );

  await expect(events.next()).resolves.toEqual({ done: true, value: undefined });
});

test('a subscription that cannot read says so', async () => {
  const events = follow(
    failing(() => undefined),
    0,
    new AbortController().signal,
  );

  await expect(events.next()).rejects.toEqual(codedError('HOLDFAST_ERR_CLOSED'));
});
