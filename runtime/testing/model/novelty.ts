import type { MachineSnapshot } from '../../../actors/xstate-adapter.ts';
import { oneOf } from './choice.ts';
import type { Dictionary } from './dictionary.ts';
import type { Random } from './fast-check.ts';
import type { Scenario } from './trial.ts';

const corpusMax = 400;
const metMax = 60;
const drawnMax = 4;

/**
 * Remembers which kinds of states runs have met, and the beginnings that led to a new one, from which later runs go on:
 * the feedback of coverage-guided fuzzers. States count as of one kind if they have the same value and contexts of the
 * same shape, numbers and sizes by their magnitude only: an endless counter is a handful of kinds. Values that the
 * machine names in its code are kinds of their own.
 */
export class Novelty {
  readonly #dictionary: Dictionary;
  /** How often each kind was met. */
  readonly #visits = new Map<string, number>();
  readonly #met: Scenario[] = [];
  readonly #corpus: (Scenario & { readonly kind: string })[] = [];
  readonly #tried = new Map<string, number>();

  constructor(dictionary: Dictionary) {
    this.#dictionary = dictionary;
  }

  /** Notes a state; keeps what led to it if there was none of its kind, or if it took a transition for the first time. */
  note(snapshot: MachineSnapshot, path: Scenario, isNew: boolean): void {
    const kind = this.#kindOf(snapshot);
    this.#visits.set(kind, (this.#visits.get(kind) ?? 0) + 1);
    if (this.#visits.get(kind) !== 1 && !isNew) return;
    const kept = { given: path.given, proposals: [...path.proposals] };
    if (this.#met.length < metMax) this.#met.push(kept);
    if (snapshot.status !== 'active') return;
    this.#corpus.push({ ...kept, kind });
    if (this.#corpus.length > corpusMax) this.#corpus.splice(0, corpusMax / 4);
  }

  /** A beginning to go on from: of some that are drawn, the one whose kind of state was met least. */
  beginning(random: Random): Scenario | undefined {
    if (this.#corpus.length === 0) return undefined;
    const drawn = Array.from({ length: drawnMax }, () => oneOf(random, this.#corpus));
    return drawn.reduce((rarest, each) => (this.#visitsOf(each) < this.#visitsOf(rarest) ? each : rarest));
  }

  #visitsOf({ kind }: { readonly kind: string }): number {
    return this.#visits.get(kind) ?? 0;
  }

  #kindOf({ value, context }: MachineSnapshot): string {
    return `${JSON.stringify(value)} ${this.#shapeOf(context, 0)}`;
  }

  /** Ways to a state of each kind, also to those that are an end. */
  get met(): readonly Scenario[] {
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

  #shapeOf(value: unknown, depth: number): string {
    // What the machine compares with is of a kind of its own.
    if (this.#dictionary.has(value)) return `=${String(value)}`;
    switch (typeof value) {
      case 'number':
        return magnitude(value);
      case 'bigint':
        return magnitude(Number(value));
      case 'string':
        return value === '' ? "''" : 's';
      case 'object':
        break;
      default:
        return String(value);
    }
    if (value === null) return 'null';
    if (depth > 3) return 'o';
    if (Array.isArray(value) || value instanceof Set) {
      const items = [...value];
      return `[${magnitude(items.length)} ${items.slice(0, 2).map((item) => this.#shapeOf(item, depth + 1))}]`;
    }
    if (value instanceof Map) return `{${magnitude(value.size)}}`;
    const entries = Object.entries(value);
    // A record of many is a collection: its size counts, not its keys.
    if (entries.length > 16) return `{${magnitude(entries.length)}}`;
    return `{${entries.map(([key, each]) => `${key}:${this.#shapeOf(each, depth + 1)}`)}}`;
  }
}

function magnitude(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) < 4) return String(Math.trunc(value));
  return `${value < 0 ? '-' : ''}2^${Math.floor(Math.log2(Math.abs(value)))}`;
}
