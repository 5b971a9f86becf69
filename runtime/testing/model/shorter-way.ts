import { turnOfOthers } from '../turn-of-others.ts';
import type { Checks } from './checks.ts';
import type { Model } from './model.ts';
import type { ModelActor } from './model-actor.ts';
import type { Proposal } from './moves.ts';
import { isSameProperty, type Violation } from './properties.ts';
import { timedTextOf } from './search.ts';
import { beginActor, type Scenario } from './trial.ts';

/** How many steps are tried: a machine of few states has its shortest way within that, and others cost no more time. */
const triedMax = 1_500;

/** From where a shorter way is looked for, and how far. */
interface Bounds {
  readonly given: Scenario['given'];
  readonly stepsMax: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * A way of at most so many steps to a state or step that violates the same property: what machines accept is tried breadth
 * first, since the shortest way may have no step in common with the one that was found. `undefined` if there is none, or not
 * within what is tried.
 */
export async function shorterWay(
  model: Model,
  checks: Checks,
  { given, stepsMax, signal }: Bounds,
  violation: Violation,
  movesAt: (actor: ModelActor) => readonly Proposal[],
): Promise<Scenario | undefined> {
  const begun = beginActor(model, checks, given);
  if (begun.actor === undefined || begun.violation !== undefined) return undefined;
  const seen = new Set([timedTextOf(begun.actor)]);
  let tried = 0;
  let ends = [{ actor: begun.actor, proposals: [] as readonly Proposal[] }];
  for (let length = 1; length <= stepsMax; length++) {
    const longer: typeof ends = [];
    for (const { actor, proposals } of ends) {
      await turnOfOthers();
      if (signal?.aborted === true) return undefined;
      for (const proposal of movesAt(actor)) {
        if (tried++ === triedMax) return undefined;
        const after = actor.fork();
        const way = [...proposals, proposal];
        const { taken, violation: found } = checks.step(after, proposal.step);
        if (found !== undefined && isSameProperty(found, violation)) return { given, proposals: way };
        const text = timedTextOf(after);
        if (found !== undefined || taken.outcome !== 'accepted' || seen.has(text)) continue;
        seen.add(text);
        longer.push({ actor: after, proposals: way });
      }
    }
    ends = longer;
  }
  return undefined;
}
