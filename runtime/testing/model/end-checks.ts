import { messageOf } from '../../../actors/message-of.ts';
import type { Checks } from './checks.ts';
import { type FastCheck, randomOf } from './fast-check.ts';
import type { ModelActor } from './model-actor.ts';
import type { Moves } from './moves.ts';
import type { Properties, Violation } from './properties.ts';
import { type SearchResult, search } from './search.ts';
import type { EndCheck } from './trial.ts';

/** Draws the values of searches, which are always the same ones. */
const searchSeed = 1;

/** Whether nothing can happen where a scenario ends. */
export function stuckCheck(fc: FastCheck, checks: Checks, moves: Moves): EndCheck {
  return (actor) => {
    const isAsked = checks.asks('no-deadlock');
    return isAsked && moves.isStuck(actor, randomOf(fc, searchSeed)) ? checks.stuck(actor) : undefined;
  };
}

/** What of `eventually` cannot come about any more where a scenario ends. Each outcome is told to `onSearched`. */
export function eventuallyCheck(
  fc: FastCheck,
  properties: Properties,
  moves: Moves,
  statesMax: number,
  onSearched: (name: string, result: SearchResult) => void = () => undefined,
): EndCheck {
  const goals = Object.entries(properties.eventually ?? {});
  return (actor: ModelActor): Violation | undefined => {
    for (const [name, isWanted] of goals) {
      const found = { kind: 'eventually', name } as const;
      try {
        const result = search(
          actor,
          (snapshot) => isWanted(snapshot as never),
          moves,
          randomOf(fc, searchSeed),
          statesMax,
        );
        onSearched(name, result);
        if (result !== 'counterexample') continue;
      } catch (cause) {
        return { ...found, why: messageOf(cause), cause };
      }
      const state = JSON.stringify(actor.snapshot.value);
      return { ...found, why: `From ${state}, nothing that the model has happen leads there any more.` };
    }
    return undefined;
  };
}
