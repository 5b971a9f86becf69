import type { MachineSnapshot } from '../../../actors/xstate-adapter.ts';
import { oneOf } from './choice.ts';
import type { Dictionary } from './dictionary.ts';
import type { Random } from './fast-check.ts';
import { kindOfState } from './state-kind.ts';
import type { Scenario } from './trial.ts';

/** A way to the first state of its kind, and which goals were reached later on from there. */
export interface Met extends Scenario {
  readonly reached: Set<string>;
  /** Those on the way to it. */
  readonly way: readonly Met[];
}

/** A beginning to go on from. */
export interface Beginning extends Scenario {
  readonly kind: string;
  /** The states on the way to it that were the first of their kind. */
  readonly way: readonly Met[];
}

const corpusMax = 400;
const metMax = 1_000;
const drawnMax = 4;

/**
 * Remembers which kinds of states runs have met, and the beginnings that led to a new one, from which later runs go on:
 * the feedback of coverage-guided fuzzers.
 */
export class Novelty {
  readonly #dictionary: Dictionary;
  /** How often each kind was met. */
  readonly #visits = new Map<string, number>();
  readonly #met: Met[] = [];
  readonly #corpus: Beginning[] = [];
  readonly #tried = new Map<string, number>();

  constructor(dictionary: Dictionary) {
    this.#dictionary = dictionary;
  }

  /**
   * Notes a state; keeps what led to it if there was none of its kind, or if it took a transition for the first time. What
   * is new is added to the `way` of the run, and every state on it has been seen to lead to the goals of this one.
   */
  note(
    snapshot: MachineSnapshot,
    path: () => Scenario,
    isNew: boolean,
    way: Met[],
    goals: readonly string[],
  ): void {
    for (const met of way) for (const goal of goals) met.reached.add(goal);
    const kind = kindOfState(snapshot, this.#dictionary);
    this.#visits.set(kind, (this.#visits.get(kind) ?? 0) + 1);
    if (this.#visits.get(kind) !== 1 && !isNew) return;
    const { given, proposals } = path();
    const kept = { given, proposals: [...proposals] };
    if (this.#met.length < metMax) {
      const met = { ...kept, reached: new Set(goals), way: [...way] };
      this.#met.push(met);
      way.push(met);
    }
    if (snapshot.status !== 'active') return;
    this.#corpus.push({ ...kept, kind, way: [...way] });
    if (this.#corpus.length > corpusMax) this.#corpus.splice(0, corpusMax / 4);
  }

  /** A beginning to go on from: of some that are drawn, the one whose kind of state was met least. */
  beginning(random: Random): Beginning | undefined {
    if (this.#corpus.length === 0) return undefined;
    const drawn = Array.from({ length: drawnMax }, () => oneOf(random, this.#corpus));
    return drawn.reduce((rarest, each) => (this.#visitsOf(each) < this.#visitsOf(rarest) ? each : rarest));
  }

  #visitsOf({ kind }: { readonly kind: string }): number {
    return this.#visits.get(kind) ?? 0;
  }

  /** Ways to a state of each kind, also to those that are an end. */
  get met(): readonly Met[] {
    return this.#met;
  }

  /** Prefers what was tried least in a state. */
  preference(snapshot: MachineSnapshot): (name: string) => number {
    const value = JSON.stringify(snapshot.value);
    return (name) => 1 / Math.sqrt(1 + (this.#tried.get(`${value} ${name}`) ?? 0));
  }

  tried(snapshot: MachineSnapshot, name: string): void {
    const key = `${JSON.stringify(snapshot.value)} ${name}`;
    this.#tried.set(key, (this.#tried.get(key) ?? 0) + 1);
  }
}
