import { leavesOf, withLeaf } from './leaves.ts';
import { drawnPartOf, kindOf, nameOf, withDrawnPart } from './model-step.ts';
import type { Proposal } from './moves.ts';
import { toSource } from './to-source.ts';
import type { Scenario } from './trial.ts';

/** How many values of earlier steps are tried in the place of others. */
const donorsMax = 40;
/** Of scenarios that are longer, only neighbours are taken together. */
const pairedMax = 40;
const largestTried = 2 ** 40;
const exchangedMax = 14;

/**
 * Scenarios that are shorter than one from which no single step can be left out, and which may do the same: fewer steps with
 * larger values (a sum is reached sooner); two steps left out that undo each other; two that are one, with both their values
 * together, or another step in their place. `original` is what was found at first, whose values were not made smaller yet.
 */
export function* shorterScenarios(
  scenario: Scenario,
  original: readonly Proposal[],
  movesAfter: (begin: Scenario) => readonly Proposal[],
): Generator<Scenario> {
  const { given, proposals } = scenario;
  for (const larger of withLargerValues(proposals, original)) yield { given, proposals: larger };
  const pairs = [...pairsOf(proposals.length)];
  for (const [first, second] of pairs) {
    const others = without(proposals, first, second);
    yield { given, proposals: others };
    for (const both of together(proposals[first] as Proposal, proposals[second] as Proposal))
      yield { given, proposals: [...others.slice(0, second - 1), both, ...others.slice(second - 1)] };
  }
  if (proposals.length > exchangedMax) return;
  for (const [first, second] of pairs) {
    const others = without(proposals, first, second);
    const begin = others.slice(0, second - 1);
    const known = new Set([proposals[first], proposals[second]].map((each) => sourceOf(each as Proposal)));
    for (const move of movesAfter({ given, proposals: begin })) {
      if (!known.has(sourceOf(move)))
        yield { given, proposals: [...begin, move, ...others.slice(second - 1)] };
    }
  }
}

function* pairsOf(length: number): Generator<[number, number]> {
  for (let second = length - 1; second > 0; second--) {
    const from = length > pairedMax ? second - 1 : 0;
    for (let first = second - 1; first >= from; first--) yield [first, second];
  }
}

function without(proposals: readonly Proposal[], first: number, second: number): Proposal[] {
  return proposals.filter((_, at) => at !== first && at !== second);
}

/** All steps of one name with the value of one of them, whole or one leaf of it: the largest first. */
function* withLargerValues(
  proposals: readonly Proposal[],
  original: readonly Proposal[],
): Generator<readonly Proposal[]> {
  const names = new Set(proposals.filter(({ drawn }) => drawn !== undefined).map(likeOf));
  for (const name of names) {
    const donors = distinct(original.filter((each) => each.drawn !== undefined && likeOf(each) === name));
    const sorted = donors.toSorted((one, other) => sizeOf(other) - sizeOf(one)).slice(0, donorsMax);
    for (const { drawn } of sorted) {
      if (drawn === undefined) continue;
      yield proposals.map((each) =>
        likeOf(each) === name ? { step: withDrawnPart(each.step, drawn.value), drawn } : each,
      );
      for (const { path, value } of leavesOf(drawn.value, [])) {
        if (typeof value === 'number') yield proposals.map(withAll(name, path, () => value));
      }
    }
    for (const { path, value } of leavesOf(sorted[0]?.drawn?.value, [])) {
      if (typeof value === 'number') yield proposals.map(withAll(name, path, largestOf));
    }
  }
}

function withAll(
  name: string,
  path: readonly (string | number)[],
  numberFor: (proposal: Proposal, path: readonly (string | number)[]) => number,
): (proposal: Proposal) => Proposal {
  return (each) => (likeOf(each) === name ? (withNumber(each, path, numberFor(each, path)) ?? each) : each);
}

/** The largest whole number that a step could have there: looked for in steps that double, and then halve. */
function largestOf(proposal: Proposal, path: readonly (string | number)[]): number {
  const own = [...leavesOf(proposal.drawn?.value, [])].find(
    (leaf) => leaf.path.join() === path.join(),
  )?.value;
  if (!Number.isInteger(own)) return Number.NaN;
  let largest = own as number;
  let by = 1;
  const canBe = (value: number) => value <= largestTried && withNumber(proposal, path, value) !== undefined;
  for (; canBe(largest + by); by *= 2) largest += by;
  for (; by >= 1; by /= 2) if (canBe(largest + by)) largest += by;
  return largest;
}

/** One step with the sums of what two say. */
function* together(one: Proposal, other: Proposal): Generator<Proposal> {
  if (one.drawn === undefined || other.drawn === undefined || likeOf(one) !== likeOf(other)) return;
  const mine = new Map([...leavesOf(one.drawn.value, [])].map(({ path, value }) => [path.join(), value]));
  for (const { path, value } of leavesOf(other.drawn.value, [])) {
    const added = mine.get(path.join());
    if (typeof value !== 'number' || typeof added !== 'number') continue;
    const both = withNumber(other, path, value + added);
    if (both !== undefined) yield both;
  }
}

function withNumber(
  { step, drawn }: Proposal,
  path: readonly (string | number)[],
  value: number,
): Proposal | undefined {
  const other = drawn?.replaced(withLeaf(drawn.value, path, value));
  return other === undefined ? undefined : { step: withDrawnPart(step, other.value), drawn: other };
}

function likeOf({ step }: Proposal): string {
  return `${kindOf(step)} ${nameOf(step)}`;
}

function sourceOf({ step }: Proposal): string {
  return toSource(step);
}

function distinct(proposals: readonly Proposal[]): Proposal[] {
  return [...new Map(proposals.map((each) => [toSource(drawnPartOf(each.step)), each])).values()];
}

function sizeOf({ drawn }: Proposal): number {
  let size = 0;
  for (const { value } of leavesOf(drawn?.value, []))
    if (typeof value === 'number' && Number.isFinite(value)) size += Math.abs(value);
  return size;
}
