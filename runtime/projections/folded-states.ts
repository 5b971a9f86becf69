import type { Entropy } from '../../actors/steps/entropy.ts';
import { holdfastError } from '../errors/holdfast-error.ts';
import { decode, encode } from '../protocol/codec.ts';
import { isPromise } from '../protocol/is-async.ts';
import { describe } from '../protocol/names.ts';
import type { LaneEffects } from '../protocol/projection.ts';
import type { StateAt } from '../protocol/reader-control.ts';
import type { AnyProjectionDefinition } from './define-projection.ts';
import type { ProjectionEvent } from './projection-event.ts';
import type { Handled, HandlerTrace, RangeRun } from './range-run.ts';

/** Reads the state of a partition as it was at the checkpoint of the range. */
export type ReadState = (partition: string) => Promise<StateAt>;

/** A state could not be read, which is no event's fault. `cause` is why; without one, the checkpoint is another. */
export class StateUnread extends Error {}

/**
 * Folds the events of a range into states. A handler may change a state in place, so after one that throws the states
 * in memory are worth nothing. Whoever wants to know what the events before it came to runs the range again `carefully`:
 * then a state is kept after each event, and put back after one that fails.
 */
export class FoldedStates implements RangeRun {
  length = 0;
  readonly #states: Map<string, unknown>;
  readonly #changed = new Set<string>();
  readonly #kept: Map<string, string> | undefined;
  readonly #definition: AnyProjectionDefinition;
  readonly #read: ReadState;
  readonly #trace: HandlerTrace;

  /** `states` are those in memory, which are gone on with. */
  constructor(
    states: Map<string, unknown>,
    definition: AnyProjectionDefinition,
    {
      read,
      trace,
      carefully,
    }: { readonly read: ReadState; readonly trace: HandlerTrace; readonly carefully: boolean },
  ) {
    this.#states = states;
    this.#definition = definition;
    this.#read = read;
    this.#trace = trace;
    this.#kept = carefully ? new Map() : undefined;
  }

  async add(position: number, handled: readonly Handled[], entropy: Entropy): Promise<void> {
    const before = new Map<string, string | undefined>();
    try {
      for (const each of handled) {
        const key = this.#keyOf(each.event, entropy);
        if (key === undefined) continue;
        const state = await this.#stateOf(position, key, entropy);
        if (!before.has(key)) before.set(key, this.#kept?.get(key));
        const next = this.#traced(position, () =>
          entropy.within(() => each.handler(state as never, each.event as never) as unknown),
        );
        this.#states.set(key, checkState(next));
        this.#kept?.set(key, encode(next, 'state'));
        this.#changed.add(key);
      }
    } catch (error) {
      for (const [key, kept] of before) this.#putBack(key, kept);
      throw error;
    }
  }

  effects(): LaneEffects | null {
    if (this.#changed.size === 0) return null;
    const states = [...this.#changed].map((key) => {
      const state = this.#kept?.get(key) ?? encode(this.#states.get(key), 'state');
      return [key, state] as const;
    });
    return { states };
  }

  #keyOf(event: ProjectionEvent, entropy: Entropy): string | undefined {
    const { partition } = this.#definition;
    if (partition === null) return '';
    const key = entropy.within(() => partition(event)) as unknown;
    if (key === undefined) return key;
    // SQLite would make the same of all halves of surrogate pairs, and one state of those that have such keys.
    if (typeof key === 'string' && key.isWellFormed()) return key;
    throw wrong(
      `"partition" returned ${isPromise(key) ? 'a promise' : describe(key)}; it must return a well-formed string, or undefined for none`,
    );
  }

  async #stateOf(position: number, key: string, entropy: Entropy): Promise<unknown> {
    if (this.#states.has(key)) return this.#states.get(key);
    const kept = await this.#read(key).catch((cause: unknown) => {
      throw new StateUnread('A state could not be read.', { cause });
    });
    if (kept === 'moved') throw new StateUnread('Somebody else has gone on with the generation.');
    const state = decode(kept.state ?? this.#initial(position, entropy));
    this.#states.set(key, state);
    return state;
  }

  /** As text, of which each state is made anew: `initial` may return the same object each time, and handlers change it in place. */
  #initial(position: number, entropy: Entropy): string {
    const initial = this.#traced(position, () => entropy.within(() => this.#definition.initial?.()));
    return encode(initial, 'the initial state');
  }

  #traced<Result>(position: number, run: () => Result): Result {
    this.#trace.begins(position);
    try {
      return run();
    } finally {
      this.#trace.ends();
    }
  }

  #putBack(key: string, kept: string | undefined): void {
    this.#states.delete(key);
    if (kept === undefined) {
      this.#kept?.delete(key);
      this.#changed.delete(key);
      return;
    }
    this.#kept?.set(key, kept);
    this.#states.set(key, decode(kept));
  }
}

function checkState(next: unknown): unknown {
  // Not into an array: a state may be a long one, and each event would go through it.
  if (isPromise(next)) throw wrong('the handler returned a promise, and handlers are synchronous');
  if (next === undefined) throw wrong('the handler returned nothing; it must return the next state');
  return next;
}

function wrong(what: string): Error {
  return holdfastError('HOLDFAST_ERR_ARGUMENT_INVALID', `A projection cannot be folded: ${what}.`);
}
