import type { OperationStore } from '../../runtime/ports/operation-store.ts';
import type {
  ClaimedOperation,
  ClaimResult,
  EnqueueResult,
  NewOperation,
  OperationClaim,
  OperationLimits,
  OperationOutcome,
} from '../../runtime/protocol/operation.ts';

/** Operations under test, with the runs that claim them. */
export interface OperationSubject {
  readonly store: OperationStore;
  /** From now on the run lives. */
  begin(run: string): void;
  /** The run ends as by `kill -9`: it settles nothing any more. */
  kill(run: string): void;
}

export const second = 1_000;
export const start = 1_700_000_000_000;

export const roomy: OperationLimits = { itemsMax: 1_000_000, bytesMax: 1 << 30, overflow: 'reject' };

/** An operation of the queue `mail` that is due at once. */
export function newOperation(operationId: string, more: Partial<NewOperation> = {}): NewOperation {
  return {
    operationId,
    queue: 'mail',
    name: 'send',
    payload: `{"id":"${operationId}"}`,
    idempotencyKey: null,
    fingerprint: more.idempotencyKey === undefined ? '' : `of ${more.payload ?? operationId}`,
    orderKey: null,
    coalesceKey: null,
    priority: 0,
    dueAt: start,
    expiresAt: null,
    ...more,
  };
}

/** One queue of a subject, in short words. Its clock stands until it is moved. */
export class OneQueue {
  readonly store: OperationStore;
  now = start;
  run = 'a';

  constructor(store: OperationStore) {
    this.store = store;
  }

  async add(
    operationId: string,
    more: Partial<NewOperation> = {},
    limits: Partial<OperationLimits> = {},
  ): Promise<EnqueueResult> {
    const [result] = await this.store.enqueue(
      [newOperation(operationId, more)],
      { ...roomy, ...limits },
      this.now,
    );
    return result as EnqueueResult;
  }

  look(more: Partial<OperationClaim> = {}): Promise<ClaimResult> {
    const claim = {
      queue: 'mail',
      run: this.run,
      names: ['send'],
      limit: 100,
      sequenceMax: null,
      isIdle: true,
      unfinishedStartsMax: 3,
      ...more,
    };
    return this.store.claim(claim, this.now);
  }

  async claim(more: Partial<OperationClaim> = {}): Promise<readonly ClaimedOperation[]> {
    return (await this.look(more)).claimed;
  }

  /** The ids of what could be claimed. */
  async claimIds(more: Partial<OperationClaim> = {}): Promise<string[]> {
    return (await this.claim(more)).map(({ operationId }) => operationId);
  }

  async settle(
    operationId: string,
    outcome: Omitted<OperationOutcome> = { outcome: 'done' },
  ): Promise<boolean> {
    const [settled] = await this.store.settle(this.run, [{ operationId, ...outcome }], this.now);
    return settled as boolean;
  }

  again(operationId: string, inMs: number, more: { countsAttempt?: boolean; forNetwork?: boolean } = {}) {
    const defaults = { countsAttempt: true, forNetwork: false, error: 'no luck' };
    return this.settle(operationId, { outcome: 'again', dueAt: this.now + inMs, ...defaults, ...more });
  }

  async ids(): Promise<string[]> {
    const all = await this.store.list({ queue: 'mail', states: null, after: 0, limit: 1_000 });
    return all.map(({ operationId }) => operationId);
  }

  async stateOf(operationId: string) {
    return (await this.store.get(operationId))?.state;
  }

  metrics() {
    return this.store.metrics('mail', this.now);
  }
}

type Omitted<Outcome> = Outcome extends unknown ? Omit<Outcome, 'operationId'> : never;
