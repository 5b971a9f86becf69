import type { AnyStateMachine, MachineSnapshot } from '../../../actors/xstate-adapter.ts';
import { happens, oneOf } from './choice.ts';
import type { Drawn } from './drawn.ts';
import type { FastCheck, Random } from './fast-check.ts';
import { freePatterns, freeVariables } from './free-variables.ts';
import { isPlain, type Leaf, leavesOf, withLeaf } from './leaves.ts';
import { textsMatching } from './patterns.ts';
import type { Properties } from './properties.ts';

const valuesMax = 200;
const askedMax = 30;
const functionsMax = 300;
const ownRate = 0.08;
const againRate = 0.1;
/** To tell whether it could have drawn a text takes an arbitrary of fast-check a time that is the square of its length. */
const textLengthMax = 256;
const numberLiteral = /(?<![\w.$])\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?(?![\w$])/gi;
const bigintLiteral = /(?<![\w.$])\d[\d_]*(?=n(?![\w$]))/g;
const stringLiteral = /'((?:[^'\\\n]|\\.){0,80})'|"((?:[^"\\\n]|\\.){0,80})"|`((?:[^`\\$]|\\.){0,80})`/g;

/**
 * Values that are likely to matter to a machine: literals in the text of its guards and actions, texts that patterns there
 * match, and what its context holds. A guard that compares with one exact value is passed by one of these long before chance
 * would find it; fuzzers call it a dictionary (M. Zalewski, "AFL technical details").
 */
export class Dictionary {
  readonly #literals: ReadonlySet<Leaf>;

  /** Those of properties: what a test compares with decides whether it fails. */
  readonly #asked: readonly Leaf[];

  readonly #times: readonly number[];

  /** Without fast-check, no texts are drawn for patterns. */
  constructor(machine: AnyStateMachine, properties: Properties, fc?: FastCheck) {
    const { invariants, steps, traces, eventually } = properties;
    this.#asked = [...literalsOf([invariants, steps, traces, eventually], fc)].slice(0, askedMax);
    const own = [...literalsOf([machine.config, machine.implementations], fc)].slice(0, valuesMax);
    this.#literals = new Set([...own, ...this.#asked]);
    this.#times = [...this.#literals].flatMap(timeOf);
  }

  /** Whether a value is one that the machine names. */
  has(value: unknown): boolean {
    return this.#literals.has(value as Leaf);
  }

  /** Numbers that are likely to matter in a state, and the times of dates among its values. */
  numbers({ context }: MachineSnapshot): number[] {
    const values = [...contextValues(context), ...this.#literals];
    const numbers = values.filter((each) => typeof each === 'number');
    return [...numbers, ...this.#times, ...timesIn(context)];
  }

  /** Sometimes, the same value with one of its leaves exchanged for one of these, or for another of its own. */
  enrich(drawn: Drawn, random: Random, { context }: MachineSnapshot): Drawn {
    let enriched = drawn;
    // Once more, now and then: what matters may be two values at once.
    for (let rate = 0.45; happens(random, rate); rate = againRate) {
      const leaves = [...leavesOf(enriched.value, [])];
      if (leaves.length === 0) return drawn;
      const { path, value } = oneOf(random, leaves);
      const others = happens(random, ownRate)
        ? leaves.filter((leaf) => leaf.path !== path).map((leaf) => leaf.value)
        : [];
      const own = others.filter((each) => typeof each === typeof value);
      const known = [...contextValues(context), ...this.#literals].filter(
        (each) => typeof each === typeof value,
      );
      if (own.length + known.length === 0) continue;
      const chosen = oneOf(random, own.length > 0 ? own : known);
      const joined = joinedWith(value, chosen, random);
      const replaced = (leaf: Leaf) => enriched.replaced(withLeaf(enriched.value, path, leaf));
      enriched = (joined === undefined ? undefined : replaced(joined)) ?? replaced(chosen) ?? enriched;
    }
    return enriched;
  }

  /** The same value with one of its leaves exchanged for each of these in turn, or only for what context and properties hold. */
  *alternatives(
    drawn: Drawn,
    { context }: MachineSnapshot,
    from: 'all' | 'likely' = 'all',
  ): Generator<Drawn> {
    const held = contextValues(context);
    // What just does not hold is often beside a difference: one more than was left.
    const beside =
      from === 'all' ? [] : held.flatMap((each) => (typeof each === 'number' ? [each + 1, each - 1] : []));
    const known = new Set([...held, ...beside, ...(from === 'all' ? this.#literals : this.#asked)]);
    for (const { path, value } of leavesOf(drawn.value, [])) {
      for (const each of known) {
        if (typeof each !== typeof value || each === value) continue;
        const other = drawn.replaced(withLeaf(drawn.value, path, each));
        if (other !== undefined) yield other;
      }
    }
  }
}

function isTooLong(value: Leaf): boolean {
  return typeof value === 'string' && value.length > textLengthMax;
}

/** A text is sometimes put before or after another one: what matters may be how it begins or ends. */
function joinedWith(value: Leaf, known: Leaf, random: Random): string | undefined {
  if (typeof known !== 'string' || typeof value !== 'string' || !happens(random, 0.3)) return undefined;
  return happens(random, 0.5) ? known + value : value + known;
}

function timeOf(value: Leaf): number[] {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d/.test(value)) return [];
  const time = Date.parse(value);
  return Number.isNaN(time) ? [] : [time];
}

/** The times of dates in a context, not far from its root. */
function timesIn(value: unknown, depth = 0): number[] {
  if (value instanceof Date) return [value.getTime()];
  if (depth > 2 || typeof value !== 'object' || value === null) return [];
  const items = Array.isArray(value) ? value.slice(0, 20) : isPlain(value) ? Object.values(value) : [];
  return items.flatMap((item) => timesIn(item, depth + 1));
}

/** The same value with leaves of an earlier one in the place of its own, as far as its source could have drawn them. */
export function withHabits(drawn: Drawn, last: unknown, random: Random, habit: number): Drawn {
  let changed = drawn;
  for (const { path, value } of leavesOf(last, [])) {
    const own = path.reduce<unknown>(
      (at, key) => (at as Record<string | number, unknown> | undefined)?.[key],
      changed.value,
    );
    if (typeof own !== typeof value || own === value || !happens(random, habit)) continue;
    changed = changed.replaced(withLeaf(changed.value, path, value)) ?? changed;
  }
  return changed;
}

/** Literals in the texts of all functions that can be reached, and in parameters that they are given. */
function* literalsOf(roots: readonly unknown[], fc: FastCheck | undefined): Generator<Leaf> {
  const seen = new Set<unknown>();
  const waiting = [...roots];
  const known = new Set<Leaf>();
  let functions = 0;
  function* unknown(literals: Iterable<Leaf>): Generator<Leaf> {
    for (const literal of literals) {
      if (known.has(literal) || isTooLong(literal)) continue;
      known.add(literal);
      yield literal;
    }
  }
  for (let next = waiting.pop(); waiting.length > 0 || next !== undefined; next = waiting.pop()) {
    if ((typeof next !== 'object' && typeof next !== 'function') || next === null || seen.has(next)) continue;
    seen.add(next);
    if (seen.size > 5_000) return;
    if (typeof next === 'function') {
      const isAsked = functions++ < functionsMax;
      const named = isAsked ? freeVariables(next) : [];
      const patterns = isAsked ? freePatterns(next).map((pattern) => `${pattern}.test()`) : [];
      const code = Function.prototype.toString.call(next);
      const matching = fc === undefined ? [] : textsMatching(fc, [code, ...patterns].join('\n'));
      yield* unknown([...literalsIn(code), ...named, ...matching]);
    }
    for (const [key, value] of Object.entries(next)) {
      if (key === 'params' && isPlain(value))
        yield* unknown([...leavesOf(value, [])].map((leaf) => leaf.value));
      if (value !== undefined) waiting.push(value);
    }
  }
}

function* literalsIn(text: string): Generator<Leaf> {
  for (const [literal] of text.matchAll(numberLiteral)) {
    const value = Number(literal.replaceAll('_', ''));
    yield value;
    if (Number.isInteger(value)) yield* [value - 1, value + 1, -value];
  }
  for (const [literal] of text.matchAll(bigintLiteral)) {
    const value = BigInt(literal.replaceAll('_', ''));
    yield* [value, value - 1n, value + 1n, -value];
  }
  for (const [, single, double, template] of text.matchAll(stringLiteral)) {
    yield single ?? double ?? template ?? '';
  }
}

/** A context is asked many times. */
const knownContexts = new WeakMap<object, readonly Leaf[]>();

function contextValues(context: unknown): readonly Leaf[] {
  if (typeof context !== 'object' || context === null) return [];
  let values = knownContexts.get(context);
  if (values === undefined) {
    values = valuesIn(context);
    knownContexts.set(context, values);
  }
  return values;
}

/** The leaves of a context, and sums and differences of its numbers. */
function valuesIn(context: object): Leaf[] {
  const leaves = [...leavesOf(context, [])].slice(0, 60).map(({ value }) => value);
  const values = leaves.filter((value) => !isTooLong(value));
  const numbers = values.filter((value) => typeof value === 'number').slice(0, 6);
  const derived = numbers.flatMap((a) => [a + 1, a - 1, ...numbers.flatMap((b) => [a - b, a + b])]);
  const keys = isPlain(context)
    ? Object.values(context).filter(isPlain).flatMap(Object.keys).slice(0, 20)
    : [];
  return [...values, ...derived, ...keys];
}
