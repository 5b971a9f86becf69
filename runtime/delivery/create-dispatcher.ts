import type { Router } from '../hosts/router.ts';
import type { NewDeadLetter } from '../protocol/dead-letter.ts';
import type { SqliteEventStoreBackend } from '../store/sqlite-backend.ts';
import { Dispatcher } from './dispatcher.ts';

/** The dispatcher of a runtime: it fetches from the store thread and delivers over the router. */
export function createDispatcher(backend: SqliteEventStoreBackend, router: Router): Dispatcher {
  const control = () => backend.store().thread.control;
  return new Dispatcher({
    fetch: (from, without) =>
      from === 'timers' ? control().call('dueTimers', [without]) : control().call('messages', [without]),
    deliver: (delivery) => router.deliver(delivery),
    giveUp(delivery, detail) {
      const { from, id, address, type, data } = delivery;
      const letter: NewDeadLetter = {
        address,
        operation: 'send',
        type,
        data,
        idempotencyKey: null,
        reason: 'undeliverable',
        detail,
      };
      return control().call('giveUpDelivery', [{ from, id }, letter]);
    },
    wake: (address) => router.wake(address),
  });
}
