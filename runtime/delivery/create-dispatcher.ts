import { isHoldfastError } from '../errors/holdfast-error.ts';
import type { Router } from '../hosts/router.ts';
import { deadLettered } from '../observability/channels.ts';
import { undelivered } from '../protocol/dead-letter.ts';
import type { SqliteEventStoreBackend } from '../store/sqlite-backend.ts';
import { Dispatcher } from './dispatcher.ts';

/** The dispatcher of a runtime: it fetches from the store thread and delivers over the router. */
export function createDispatcher(backend: SqliteEventStoreBackend, router: Router): Dispatcher {
  const control = () => backend.store().thread.control;
  return new Dispatcher({
    fetch: (from, without, range) =>
      from === 'timers'
        ? control().call('dueTimers', [without])
        : control().call('messages', [without, range]),
    deliver: (delivery, after) => router.deliver(delivery, after),
    async giveUp(delivery, error) {
      const { from, id, address, type, data } = delivery;
      const isPoison = isHoldfastError(error, 'HOLDFAST_ERR_POISON_MESSAGE');
      const reason = isPoison ? 'poison' : 'undeliverable';
      const detail = error instanceof Error ? error.message : String(error);
      const evidence = isPoison ? error.evidence : null;
      const letter = undelivered({ address, type, data, reason, detail }, delivery, evidence);
      await control().call('giveUpDelivery', [{ from, id }, letter]);
      deadLettered.publish({ address, type, reason });
    },
    wake: (address) => router.wake(address),
    ownWork: () => control().call('ownWork', []),
    releaseWork: (address) => control().call('releaseWork', [address]),
  });
}
