import type { AppendRequest } from '../protocol/append.ts';
import { storeLimits } from '../protocol/store-limits.ts';
import type { AppendOutcome, LogWriter } from '../sqlite/log/log-writer.ts';

/** A request with the way to answer it. */
export interface PendingAppend {
  readonly request: AppendRequest;
  readonly answer: (outcome: AppendOutcome) => void;
}

/** What is done around a commit. */
export interface AroundCommit {
  before(): void;
  /** The outcomes, in the order of the requests. */
  after(requests: readonly AppendRequest[], outcomes: readonly AppendOutcome[]): void;
}

/**
 * Collects what arrives while the writer is busy and commits it together: the fsync of a commit is shared by all who
 * came meanwhile (DeWitt et al., "Implementation Techniques for Main Memory Database Systems", 1984). No one waits for
 * company: a lone append is committed in the same turn of the event loop.
 */
export class GroupCommit {
  readonly #writer: LogWriter;
  readonly #around: AroundCommit;
  #pending: PendingAppend[] = [];
  #isDue = false;

  constructor(writer: LogWriter, around: AroundCommit) {
    this.#writer = writer;
    this.#around = around;
  }

  add(append: PendingAppend): void {
    this.#pending.push(append);
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(this.#commitDue);
  }

  /** Commits everything that has arrived. */
  drain(): void {
    while (this.#pending.length > 0) this.#commitGroup();
  }

  readonly #commitDue = (): void => {
    this.#isDue = false;
    this.#commitGroup();
    if (this.#pending.length === 0 || this.#isDue) return;
    this.#isDue = true;
    setImmediate(this.#commitDue);
  };

  #commitGroup(): void {
    const group = this.#pending.splice(0, storeLimits.groupCommitMax);
    if (group.length === 0) return;
    this.#around.before();
    const requests = group.map((append) => append.request);
    const outcomes = this.#writer.appendGroup(requests);
    for (const [index, { answer }] of group.entries()) answer(outcomes[index] as AppendOutcome);
    this.#around.after(requests, outcomes);
  }
}
