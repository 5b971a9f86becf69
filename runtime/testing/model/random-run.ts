import type { MachineSnapshot } from '../../../actors/xstate-adapter.ts';
import type { Checks } from './checks.ts';
import { happens } from './choice.ts';
import type { CoverageRecord } from './coverage.ts';
import { goalsOf } from './end-checks.ts';
import type { Random } from './fast-check.ts';
import type { Model } from './model.ts';
import type { ModelActor } from './model-actor.ts';
import { nameOf } from './model-step.ts';
import { type Moment, momentOf } from './moment.ts';
import { moodOf } from './mood.ts';
import type { Moves, Proposal } from './moves.ts';
import type { Beginning, Novelty } from './novelty.ts';
import type { Violation } from './properties.ts';
import { beginActor, type GivenInput, type Scenario } from './trial.ts';

/** What random runs share. */
export interface Exploration {
  readonly model: Model;
  readonly checks: Checks;
  readonly moves: Moves;
  readonly novelty: Novelty;
  readonly coverage: CoverageRecord;
  readonly maxSteps: number;
}

/** A run, as far as it came. */
export interface Run {
  readonly given: GivenInput | undefined;
  readonly proposals: readonly Proposal[];
  readonly actor: ModelActor | undefined;
  readonly violation: Violation | undefined;
}

/** How much more likely a step is that may lead along a transition that was never taken. */
const missingFactor = 4;

/** One random run: the actor is led through steps that its states accept, mostly, until something does not hold. */
export function* randomRun(exploration: Exploration, random: Random): Generator<void, Run> {
  const { model, checks, moves, novelty, coverage, maxSteps } = exploration;
  const start = startOf(exploration, random);
  const { given } = start;
  const way = [...start.way];
  const note = (isNew: boolean): void => {
    moves.noteSilent(actor as ModelActor);
    const goals = goalsOf(checks.properties, (actor as ModelActor).snapshot);
    const path = (): Scenario => ({ given, proposals: straightened(exploration, given, proposals, moments) });
    novelty.note((actor as ModelActor).snapshot, path, isNew, way, goals);
  };
  const { result } = coverage.during(() => beginActor(model, checks, given));
  const { actor } = result;
  if (actor !== undefined) coverage.entered(actor.snapshot);
  const proposals: Proposal[] = [];
  const ended = (violation: Violation | undefined): Run => ({ given, proposals, actor, violation });
  if (actor === undefined || result.violation !== undefined) return ended(result.violation);
  const moments: Moment[] = [];
  if (start.proposals.length === 0) note(false);
  for (const proposal of start.proposals) {
    const before = actor.snapshot;
    const { outcome } = actor.take(proposal.step);
    if (outcome === 'impossible') continue;
    proposals.push(proposal);
    moments.push(momentOf(before, proposal.step, outcome, actor));
  }
  const mood = moodOf(random);
  const length = happens(random, 0.5) ? maxSteps : random.nextInt(1, maxSteps);
  let cut = actor.mark();
  while (proposals.length < length && actor.snapshot.status === 'active') {
    const isStray = happens(random, 0.06);
    const likes = novelty.preference(actor.snapshot);
    const proposal = isStray
      ? moves.stray(actor, random)
      : moves.next(actor, random, {
          habit: mood.habit,
          likes: (name) =>
            likes(name) * mood.likes(name) * (coverage.isMissing(actor.snapshot, name) ? missingFactor : 1),
          isUntried: (name) => likes(name) === 1,
        });
    if (proposal === undefined) {
      if (isStray) continue;
      const stuck = moves.isStuck(actor, random) ? checks.stuck(actor) : undefined;
      if (stuck !== undefined && (yield* moves.isStuckForGood(actor))) return ended(stuck);
      break;
    }
    if (happens(random, 2 / maxSteps)) cut = actor.mark();
    novelty.tried(actor.snapshot, nameOf(proposal.step));
    const before = actor.snapshot;
    const { result: checked, isNew } = coverage.during(() => checks.step(actor, proposal.step));
    if (checked.taken.outcome === 'impossible' && checked.violation === undefined) continue;
    proposals.push(proposal);
    moments.push(momentOf(before, proposal.step, checked.taken.outcome, actor));
    if (checked.violation !== undefined) return ended(checked.violation);
    if (checked.taken.outcome === 'accepted') note(isNew);
  }
  return ended(checks.replay(actor, cut) ?? checks.trace(moments));
}

/** Often, a run goes on from where an earlier one met something new. */
function startOf({ moves, novelty }: Exploration, random: Random): Scenario & Pick<Beginning, 'way'> {
  const start = happens(random, 0.5) ? novelty.beginning(random) : undefined;
  return start ?? { given: moves.input(random), proposals: [], way: [] };
}

/**
 * A way without the detours that lead back to a state, if it is so long that a run that goes on from its end could hardly take
 * another step.
 */
function straightened(
  { model, checks, maxSteps }: Exploration,
  given: GivenInput | undefined,
  proposals: readonly Proposal[],
  moments: readonly Moment[],
): readonly Proposal[] {
  if (proposals.length * 2 <= maxSteps) return proposals;
  const { actor } = beginActor(model, checks, given);
  if (actor === undefined) return proposals;
  const textOf = (snapshot: MachineSnapshot) =>
    `${JSON.stringify(snapshot.value)} ${String(actor.contextTextOf(snapshot))}`;
  const texts = [textOf(actor.snapshot), ...moments.map(({ after }) => textOf(after as MachineSnapshot))];
  const straight: Proposal[] = [];
  for (let at = texts.lastIndexOf(texts[0] as string); at < proposals.length; ) {
    straight.push(proposals[at] as Proposal);
    at = texts.lastIndexOf(texts[at + 1] as string);
  }
  if (straight.length === proposals.length) return proposals;
  for (const { step } of straight) if (actor.take(step).outcome === 'threw') return proposals;
  return textOf(actor.snapshot) === texts.at(-1) ? straight : proposals;
}

const walksMax = 8;

/** Walks on from a state a few times, and notes which goals that leads to. Returns how many steps that took. */
export function wander(
  { checks, moves, maxSteps }: Exploration,
  from: ModelActor,
  reached: Set<string>,
  random: Random,
): number {
  const goals = Object.keys(checks.properties.eventually ?? {});
  let walked = 0;
  for (let walk = 0; walk < walksMax; walk++) {
    const actor = from.fork();
    const mood = moodOf(random);
    for (let steps = 0; steps < maxSteps; steps++) {
      for (const goal of goalsOf(checks.properties, actor.snapshot)) reached.add(goal);
      if (reached.size === goals.length) return walked;
      walked++;
      const proposal = moves.next(actor, random, mood);
      if (proposal === undefined || actor.take(proposal.step).outcome === 'threw') break;
    }
  }
  return walked;
}
