import type { Checks } from './checks.ts';
import { happens } from './choice.ts';
import type { CoverageRecord } from './coverage.ts';
import type { Random } from './fast-check.ts';
import type { Model } from './model.ts';
import type { ModelActor } from './model-actor.ts';
import { nameOf } from './model-step.ts';
import { type Moment, momentOf } from './moment.ts';
import type { Moves, Preference, Proposal } from './moves.ts';
import type { Novelty } from './novelty.ts';
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

/** One random run: the actor is led through steps that its states accept, mostly, until something does not hold. */
export function randomRun(exploration: Exploration, random: Random): Run {
  const { model, checks, moves, novelty, coverage, maxSteps } = exploration;
  const start = startOf(exploration, random);
  const { given } = start;
  const { result } = coverage.during(() => beginActor(model, checks, given));
  const { actor } = result;
  if (actor !== undefined) coverage.entered(actor.snapshot);
  const proposals: Proposal[] = [];
  const ended = (violation: Violation | undefined): Run => ({ given, proposals, actor, violation });
  if (actor === undefined || result.violation !== undefined) return ended(result.violation);
  if (start.proposals.length === 0) novelty.note(actor.snapshot, { given, proposals }, false);
  const moments: Moment[] = [];
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
      : moves.next(actor, random, (name) => likes(name) * mood(name));
    if (proposal === undefined) {
      if (!isStray && moves.isStuck(actor, random)) return ended(checks.stuck(actor));
      if (!isStray) break;
      continue;
    }
    if (happens(random, 2 / maxSteps)) cut = actor.mark();
    novelty.tried(actor.snapshot, nameOf(proposal.step));
    const before = actor.snapshot;
    const { result: checked, isNew } = coverage.during(() => checks.step(actor, proposal.step));
    if (checked.taken.outcome === 'impossible' && checked.violation === undefined) continue;
    proposals.push(proposal);
    moments.push(momentOf(before, proposal.step, checked.taken.outcome, actor));
    if (checked.violation !== undefined) return ended(checked.violation);
    if (checked.taken.outcome === 'accepted') novelty.note(actor.snapshot, { given, proposals }, isNew);
  }
  return ended(checks.replay(actor, cut) ?? checks.trace(moments));
}

/** Often, a run goes on from where an earlier one met something new. */
function startOf({ moves, novelty }: Exploration, random: Random): Scenario {
  const start = happens(random, 0.5) ? novelty.beginning(random) : undefined;
  return start ?? { given: moves.input(random), proposals: [] };
}

/**
 * Each run likes some kinds of steps more than others, and some hardly at all, or a long row of the same would never come
 * about: swarm testing (Groce et al., "Swarm Testing", ISSTA 2012).
 */
function moodOf(random: Random): Preference {
  const liking = new Map<string, number>();
  return (name) => {
    let likes = liking.get(name);
    if (likes === undefined) {
      likes = [0.02, 0.3, 1, 1, 3][random.nextInt(0, 4)] as number;
      liking.set(name, likes);
    }
    return likes;
  };
}
