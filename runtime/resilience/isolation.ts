import { checkReason } from './check-reason.ts';
import type { CircuitReplica } from './probe-gate.ts';

/** Who holds a circuit isolated. Kept here, to be told again to an actor that begins anew. */
export class Isolation {
  readonly #replica: CircuitReplica;
  readonly #reasons = new Map<number, string | null>();
  #lastHolder = 0;
  #isClosed = false;

  constructor(replica: CircuitReplica) {
    this.#replica = replica;
  }

  /** What the last who isolated it has said; `null` if nothing. */
  get reason(): string | null {
    return [...this.#reasons.values()].at(-1) ?? null;
  }

  /** Isolates the circuit. Resolves with how to release it. */
  async hold(reason: string | null): Promise<() => Promise<void>> {
    checkReason('isolate', reason);
    const holder = ++this.#lastHolder;
    this.#reasons.set(holder, reason);
    try {
      await this.#replica.send({ type: 'isolate', holder, reason });
    } catch (error) {
      this.#reasons.delete(holder);
      // It may arrive all the same, and then nobody could release it.
      this.#replica.tell({ type: 'release', holder });
      throw error;
    }
    return async () => {
      if (!this.#reasons.delete(holder) || this.#isClosed) return;
      try {
        await this.#replica.send({ type: 'release', holder });
      } catch (error) {
        // Whoever is told so may try it again.
        this.#reasons.set(holder, reason);
        throw error;
      }
    };
  }

  /** The actor has begun, and knows of nobody. */
  tellAgain(): void {
    for (const [holder, reason] of this.#reasons) this.#replica.tell({ type: 'isolate', holder, reason });
  }

  /** From now on a release is told to nobody. */
  close(): void {
    this.#isClosed = true;
  }
}
