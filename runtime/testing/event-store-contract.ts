import type { EventStoreBackend } from '../ports/event-store-backend.ts';
import { EventStore } from '../store/event-store.ts';
import { appendContract } from './contract/append-contract.ts';
import { type CheckBackend, type FreshStore, withBoundedReads } from './contract/check-backend.ts';
import { closeContract } from './contract/close-contract.ts';
import { doorContract } from './contract/door-contract.ts';
import { idempotencyContract } from './contract/idempotency-contract.ts';
import { payloadContract } from './contract/payload-contract.ts';
import { portContract } from './contract/port-contract.ts';
import { readContract } from './contract/read-contract.ts';
import { snapshotContract } from './contract/snapshot-contract.ts';
import { subscriptionContract } from './contract/subscription-contract.ts';

/** What {@link eventStoreContract} runs with. */
export interface EventStoreContractOptions<Backend extends EventStoreBackend = EventStoreBackend> {
  /** Registers a test: the `test` of node:test, vitest, jest or any runner with this shape. */
  readonly test: (name: string, run: () => Promise<void>) => unknown;
  /** Makes a backend with nothing in it. Called once for each test. */
  readonly createStore: () => Backend | Promise<Backend>;
  /** Opens again what a closed backend has kept. Without it, what must survive a close is not checked. */
  readonly reopenStore?: (closed: Backend) => Backend | Promise<Backend>;
  /** Removes what the test has left behind, such as files. The backend is closed by then. */
  readonly removeStore?: (closed: Backend) => void | Promise<void>;
}

/**
 * Registers the tests that every {@link EventStoreBackend} must pass, through `EventStore` where users will meet it
 * and on the port itself where the runtime will. Each test has a backend of its own and closes it. Errors are told
 * apart by `code` only. The tests wait for events, never for time: give them a time-out of some seconds.
 *
 * @example
 * import test from 'node:test';
 * import { InMemoryEventStoreBackend } from 'holdfast/store';
 * import { eventStoreContract } from 'holdfast/testing';
 *
 * eventStoreContract({ test, createStore: () => new InMemoryEventStoreBackend() });
 */
export function eventStoreContract<Backend extends EventStoreBackend>(
  options: EventStoreContractOptions<Backend>,
): void {
  const { test, createStore, reopenStore, removeStore } = options;
  const check: CheckBackend = (name, run) =>
    test(name, async () => {
      let backend = await createStore();
      const reopen = async () => {
        await backend.close();
        backend = (await reopenStore?.(backend)) ?? backend;
        return freshOf(backend);
      };
      try {
        await run({ ...freshOf(backend), reopen });
      } finally {
        await backend.close();
        await removeStore?.(backend);
      }
    });
  appendContract(check);
  idempotencyContract(check);
  readContract(check);
  subscriptionContract(check);
  snapshotContract(check);
  payloadContract(check);
  doorContract(check);
  portContract(check);
  closeContract(check, { isReopened: reopenStore !== undefined });
}

function freshOf(backend: EventStoreBackend): FreshStore {
  return { backend, store: EventStore.withBackend(withBoundedReads(backend)) };
}
