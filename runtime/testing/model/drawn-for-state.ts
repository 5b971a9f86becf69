import type { MachineSnapshot } from '../../../actors/xstate-adapter.ts';
import { isArbitrary } from './arbitrary.ts';
import { type Drawn, DrawnFromArbitrary, type Fitted, fixed } from './drawn.ts';
import { type Leaf, leavesOf, withLeaf } from './leaves.ts';
import { drawnPartOf, type ModelStep } from './model-step.ts';

type SourceOfState = (snapshot: MachineSnapshot, past: readonly ModelStep[]) => unknown;

/** What a value was drawn for: a state, and the steps before it. */
interface DrawnAt {
  readonly snapshot: MachineSnapshot;
  readonly past: readonly ModelStep[];
}

/**
 * A value that was drawn for one state. Where steps before it are left out it comes in another one: what it took from the
 * old state, such as the number of what is under way, it takes from the new one, and a value that could not have been
 * drawn there is no step of a counterexample.
 */
export class DrawnForState implements Drawn {
  readonly #source: SourceOfState;
  readonly #at: DrawnAt;
  readonly #drawn: Drawn;
  /** Whether the source can tell which values are its own: not every arbitrary that was mapped can. */
  readonly #isTold: boolean;

  constructor(source: SourceOfState, at: DrawnAt, drawn: Drawn, isTold: boolean) {
    this.#source = source;
    this.#at = at;
    this.#drawn = drawn;
    this.#isTold = isTold;
  }

  get value(): unknown {
    return this.#drawn.value;
  }

  *shrink(): Generator<Drawn> {
    for (const smaller of this.#drawn.shrink()) yield this.#with(smaller, this.#at);
  }

  replaced(value: unknown): Drawn | undefined {
    const other = this.#drawn.replaced(value);
    return other === undefined ? undefined : this.#with(other, this.#at);
  }

  fitted(snapshot: MachineSnapshot, past: readonly ModelStep[], isTaken: boolean): Fitted | undefined {
    const at = { snapshot, past };
    const given = this.#source(snapshot, past);
    if (!isArbitrary(given)) return { drawn: this.#with(fixed(given), at), isAmbiguous: false };
    if (!this.#isTold || snapshot === this.#at.snapshot) return { drawn: this, isAmbiguous: false };
    const isOwn = given.canShrinkWithoutContext(this.value);
    // Becomes smaller as the values of the new state do.
    const of = (value: unknown) =>
      this.#with(new DrawnFromArbitrary(given, { value, context: undefined }), at);
    for (const value of this.#mended(at)) {
      if (!given.canShrinkWithoutContext(value)) continue;
      return { drawn: of(isOwn && !isTaken ? this.value : value), isAmbiguous: isOwn };
    }
    return isOwn ? { drawn: of(this.value), isAmbiguous: false } : undefined;
  }

  /** The same value with what it took from its state, or from the steps before it, taken from others. */
  *#mended({ snapshot, past }: DrawnAt): Generator<unknown> {
    const now = new Map([...leavesOf(snapshot.context, [])].map(({ path, value }) => [path.join(), value]));
    for (const { path, value: old } of leavesOf(this.#at.snapshot.context, [])) {
      const other = now.get(path.join());
      if (other === undefined || other === old || typeof other !== typeof old) continue;
      yield* this.#exchanged((value) => (value === old ? other : value));
      if (typeof old !== 'number') continue;
      // A number beside one of the state, such as that of the last one.
      for (const beside of [1, -1])
        yield* this.#exchanged((value) => (value === old + beside ? (other as number) + beside : value));
    }
    yield* this.#shifted(past);
  }

  /** With numbers as far from those of the same name in the last step as they were: times, and other counts that go on. */
  *#shifted(past: readonly ModelStep[]): Generator<unknown> {
    const names = new Set([...leavesOf(this.value, [])].map(({ path }) => path.at(-1)));
    let all = this.value;
    for (const name of names) {
      const by = lastOf(past, name) - lastOf(this.#at.past, name);
      if (by === 0) continue;
      const shift = (value: Leaf, own: unknown) =>
        own === name && typeof value === 'number' ? value + by : value;
      all = exchanged(all, shift);
      yield exchanged(this.value, shift);
    }
    yield all;
  }

  *#exchanged(exchange: (value: Leaf) => Leaf): Generator<unknown> {
    const changed = exchanged(this.value, exchange);
    if (changed !== this.value) yield changed;
  }

  #with(drawn: Drawn, at: DrawnAt): DrawnForState {
    return new DrawnForState(this.#source, at, drawn, this.#isTold);
  }
}

/** A value with other leaves. */
function exchanged(value: unknown, exchange: (leaf: Leaf, name: unknown) => Leaf): unknown {
  let changed = value;
  for (const { path, value: leaf } of leavesOf(value, [])) {
    const other = exchange(leaf, path.at(-1));
    if (other !== leaf) changed = withLeaf(changed, path, other);
  }
  return changed;
}

/** The last number of a name in the steps before. */
function lastOf(past: readonly ModelStep[], name: unknown): number {
  for (const step of past.toReversed()) {
    const leaf = [...leavesOf(drawnPartOf(step), [])].findLast(({ path }) => path.at(-1) === name);
    if (typeof leaf?.value === 'number') return leaf.value;
  }
  return 0;
}
