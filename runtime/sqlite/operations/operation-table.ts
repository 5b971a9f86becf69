import type { OperationStore } from '../../ports/operation-store.ts';
import type {
  EnqueueResult,
  OperationClaim,
  OperationQuery,
  StoredOperation,
} from '../../protocol/operation.ts';
import type { EnqueueCall } from '../../protocol/store-control.ts';
import type { SqliteDatabase } from '../driver.ts';
import type { LogWriter } from '../log/log-writer.ts';
import { OperationClaims } from './operation-claim.ts';
import { OperationEnqueue } from './operation-enqueue.ts';
import { OperationLook } from './operation-look.ts';
import { OperationRows } from './operation-rows.ts';
import { OperationSettlement } from './operation-settle.ts';

/** What is known of runs: see `runs.ts`. */
export interface RunsOfOperations {
  /** Begins this run, unless it has begun. */
  begin(): void;
  /** Lets others see that this run lives, inside a transaction. */
  stayKnown(): void;
  /** The runs that live, this one among them. */
  living(): ReadonlySet<string>;
}

/** A port as its own thread sees it: the same methods, which answer at once. */
type AtOnce<Port> = {
  [Method in keyof Port]: Port[Method] extends (...args: infer Args) => Promise<infer Result>
    ? (...args: Args) => Result
    : never;
};

/**
 * One transaction of something that concerns all operations of a queue, of which there may be a hundred thousand; whether
 * there is more to do. Commits of others go between them.
 */
export type Piece = () => boolean;

/** Operations of store-and-forward queues in the file. What a method has returned is on the disk. */
export class OperationTable
  implements Omit<AtOnce<OperationStore>, 'enqueue' | 'hurry' | 'list' | 'networkIsBack'>
{
  readonly #writer: LogWriter;
  readonly #runs: RunsOfOperations;
  readonly #enqueue: OperationEnqueue;
  readonly #claims: OperationClaims;
  readonly #settlement: OperationSettlement;
  readonly #look: OperationLook;

  constructor(database: SqliteDatabase, writer: LogWriter, runs: RunsOfOperations) {
    const rows = new OperationRows(database);
    this.#writer = writer;
    this.#runs = runs;
    this.#enqueue = new OperationEnqueue(database, rows);
    this.#claims = new OperationClaims(database, rows);
    this.#settlement = new OperationSettlement(database, rows);
    this.#look = new OperationLook(database);
  }

  /** Carries out calls in one transaction; each has results of its own. */
  enqueue(calls: readonly EnqueueCall[]): EnqueueResult[][] {
    return this.#writer.write(() =>
      calls.map(({ operations, limits, now }) =>
        operations.map((operation) => this.#enqueue.enqueue(operation, limits, now)),
      ),
    );
  }

  claim: AtOnce<OperationStore>['claim'] = (claim, now) => {
    // Another process must be able to tell that this run lives, before there is anything that it could take over.
    this.#runs.begin();
    return this.#writer.write(() => {
      this.#runs.stayKnown();
      return this.#claims.claim(claim, now, () => this.#runs.living());
    });
  };

  settle: AtOnce<OperationStore>['settle'] = (run, outcomes, now) =>
    this.#writer.write(() => outcomes.map((outcome) => this.#settlement.settle(run, outcome, now)));

  cancel: AtOnce<OperationStore>['cancel'] = (operationId, now) =>
    this.#writer.write(() => this.#settlement.cancel(operationId, now, () => this.#runs.living()));

  networkIsBack(queue: string, spreadMs: number, now: number): Piece {
    let reached = { total: this.#settlement.countForNetwork(queue), moved: 0, after: 0 };
    return () =>
      this.#writer.write(() => {
        const next = this.#settlement.networkIsBack(queue, { ...reached, spreadMs }, now);
        reached = next ?? reached;
        return next !== undefined;
      });
  }

  hurry(queue: string, now: number): Piece {
    return () => this.#writer.write(() => this.#settlement.hurry(queue, now));
  }

  /** Before a claim: has what has become due be handed out, where that is more than the claim should do by itself. */
  makeDue({ queue, names }: OperationClaim, now: number): Piece {
    return () => {
      const name = names.find((each) => this.#claims.hasManyDue(queue, each, now));
      if (name === undefined) return false;
      this.#writer.write(() => this.#claims.makeDue(queue, name, now));
      return true;
    };
  }

  requeue: AtOnce<OperationStore>['requeue'] = (operationId, now) =>
    this.#writer.write(() => this.#settlement.requeue(operationId, now));

  discard: AtOnce<OperationStore>['discard'] = (operationId) =>
    this.#writer.write(() => this.#settlement.discard(operationId));

  page(query: OperationQuery): StoredOperation[] {
    return this.#look.page(query);
  }

  get: AtOnce<OperationStore>['get'] = (operationId) => this.#look.get(operationId);

  metrics: AtOnce<OperationStore>['metrics'] = (queue, now) => this.#look.metrics(queue, now);

  /**
   * A run that closes in good order gives back what it has in hand, and none of it counts as an unfinished start: its
   * process did not die of it. A process that exits by itself does not come here, since an operation may be why.
   */
  release(run: string, now: number): void {
    this.#writer.write(() => this.#settlement.release(run, now));
  }
}
