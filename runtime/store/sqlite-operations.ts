import { isHoldfastError } from '../errors/holdfast-error.ts';
import type { OperationStore } from '../ports/operation-store.ts';
import { limits as productLimits } from '../protocol/limits.ts';
import type {
  ClaimResult,
  EnqueueResult,
  NewOperation,
  OperationClaim,
  OperationLimits,
  OperationMetrics,
  OperationOutcome,
  OperationQuery,
  OperationState,
  StoredOperation,
} from '../protocol/operation.ts';
import type { EnqueueCall, StoreControl } from '../protocol/store-control.ts';
import type { ControlChannel } from '../threads/control-channel.ts';
import type { StoreClient } from '../threads/store-client.ts';

interface WaitingCall {
  readonly call: EnqueueCall;
  readonly resolve: (results: EnqueueResult[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Operations of store-and-forward queues in the file of a runtime, written by its store thread. Calls of `enqueue` that
 * are made while one is under way share the next transaction. A call has no deadline: it ends with its answer or with
 * the thread, and the process lives as long.
 */
export class SqliteOperations implements OperationStore {
  /** The run in whose name operations are claimed: their lease ends with it. */
  readonly run: string;
  readonly #control: ControlChannel<StoreControl>;
  #waiting: WaitingCall[] = [];
  #isUnderWay = false;

  constructor(store: Pick<StoreClient, 'run' | 'thread'>) {
    this.run = store.run;
    this.#control = store.thread.control;
  }

  enqueue(
    operations: readonly NewOperation[],
    limits: OperationLimits,
    now: number,
  ): Promise<EnqueueResult[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ call: { operations, limits, now }, resolve, reject });
      if (this.#isUnderWay) return;
      this.#isUnderWay = true;
      // After the callers of this turn, who share the transaction.
      queueMicrotask(() => void this.#flush());
    });
  }

  claim(claim: OperationClaim, now: number): Promise<ClaimResult> {
    return this.#call('claimOperations', [claim, now]);
  }

  settle(run: string, outcomes: readonly OperationOutcome[], now: number): Promise<boolean[]> {
    return this.#call('settleOperations', [run, outcomes, now]);
  }

  cancel(operationId: string, now: number): Promise<OperationState | undefined> {
    return this.#call('cancelOperation', [operationId, now]);
  }

  networkIsBack(queue: string, spreadMs: number, now: number): Promise<void> {
    return this.#call('networkIsBack', [queue, spreadMs, now]);
  }

  hurry(queue: string, now: number): Promise<void> {
    return this.#call('hurryOperations', [queue, now]);
  }

  requeue(operationId: string, now: number): Promise<boolean> {
    return this.#call('requeueOperation', [operationId, now]);
  }

  discard(operationId: string): Promise<boolean> {
    return this.#call('discardOperation', [operationId]);
  }

  /** Page by page: commits of others go between them, and no more than one is in memory twice. */
  async list({ after, limit, ...query }: OperationQuery): Promise<StoredOperation[]> {
    const found: StoredOperation[] = [];
    while (found.length < limit) {
      const from = found.at(-1)?.sequence ?? after;
      const page = await this.#call('operations', [{ ...query, after: from, limit: limit - found.length }]);
      if (page.length === 0) break;
      found.push(...page);
    }
    return found;
  }

  get(operationId: string): Promise<StoredOperation | undefined> {
    return this.#call('operation', [operationId]);
  }

  metrics(queue: string, now: number): Promise<OperationMetrics> {
    return this.#call('operationMetrics', [queue, now]);
  }

  #call: ControlChannel<StoreControl>['call'] = (method, args) =>
    this.#control.call(method, args, { timeoutMs: Number.POSITIVE_INFINITY });

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) await this.#send(this.#waiting.splice(0, productLimits.enqueueCallsMax));
    this.#isUnderWay = false;
  }

  async #send(calls: readonly WaitingCall[]): Promise<void> {
    try {
      const results = await this.#call('enqueueOperations', [calls.map(({ call }) => call)]);
      for (const [index, { resolve }] of calls.entries()) resolve(results[index] ?? []);
    } catch (error) {
      // One call that the database itself refuses must not fail its neighbours.
      if (calls.length > 1 && isHoldfastError(error, 'HOLDFAST_ERR_INVARIANT')) {
        for (const call of calls) await this.#send([call]);
      } else for (const { reject } of calls) reject(error);
    }
  }
}
