import type { MachineSnapshot } from '../../../actors/xstate-adapter.ts';
import { messageOf } from '../../errors/message-of.ts';
import { answerOf } from './answer.ts';
import type { Checks } from './checks.ts';
import { othersMayBeLetThrough } from './event-source.ts';
import { type FastCheck, randomOf } from './fast-check.ts';
import type { ModelActor } from './model-actor.ts';
import type { Moves } from './moves.ts';
import type { Properties, Violation } from './properties.ts';
import { type SearchResult, search } from './search.ts';
import type { EndCheck } from './trial.ts';

/** In how many states of a search many values of the events are tried that guards have refused. */
const raresMax = 8;

/** Draws the values of searches, which are always the same ones. */
const searchSeed = 1;

/** Whether nothing can happen where a scenario ends. */
export function stuckCheck(fc: FastCheck, checks: Checks, moves: Moves): EndCheck {
  return (actor, effort) => {
    const isAsked = checks.asks('no-deadlock');
    const stuck = isAsked && moves.isStuck(actor, randomOf(fc, searchSeed)) ? checks.stuck(actor) : undefined;
    if (stuck === undefined || effort === 'quick') return stuck;
    return outright(moves.isStuckForGood(actor)) ? stuck : undefined;
  };
}

/** Which of `eventually` a state is. One that throws is none here: the search that asks it again says so. */
export function goalsOf(properties: Properties, snapshot: MachineSnapshot): string[] {
  return Object.entries(properties.eventually ?? {}).flatMap(([name, isWanted]) => {
    try {
      return answerOf(() => isWanted(snapshot as never)) ? [name] : [];
    } catch {
      return [];
    }
  });
}

/** What is known of goals already, and who is told of those that were searched for. */
export interface Searching {
  readonly isKnown?: (name: string) => boolean;
  readonly onSearched?: (name: string, result: SearchResult, states: number) => void;
  readonly effort?: 'quick' | undefined;
}

/** What comes of a search that gives nobody a turn. */
export function outright<Result>(searching: Generator<void, Result>): Result {
  for (;;) {
    const { done, value } = searching.next();
    if (done) return value;
  }
}

/** What of `eventually` cannot come about any more where a scenario ends. */
export function eventuallyCheck(
  fc: FastCheck,
  properties: Properties,
  moves: Moves,
  statesMax: (name: string) => number,
): (actor: ModelActor, searching?: Searching) => Generator<void, Violation | undefined> {
  const goals = Object.entries(properties.eventually ?? {});
  /** From where a goal is lost, also if many values are tried. */
  const lost = new Map<string, Set<string>>();
  return function* (actor, { isKnown, onSearched, effort } = {}) {
    for (const [name, isWanted] of goals) {
      if (isKnown?.(name)) continue;
      const found = { kind: 'eventually', name } as const;
      let others = '';
      try {
        const isMet = (snapshot: MachineSnapshot) => Boolean(answerOf(() => isWanted(snapshot as never)));
        const look = (raresMax: number) =>
          search(actor, isMet, moves, randomOf(fc, searchSeed), { statesMax: statesMax(name), raresMax });
        let searched = yield* look(0);
        const isLost = (lost.get(name) ?? new Set()).has(String(actor.text));
        if (
          searched.result === 'counterexample' &&
          searched.refused.size > 0 &&
          !isLost &&
          effort !== 'quick'
        )
          searched = yield* look(raresMax);
        const { result, states, refused } = searched;
        onSearched?.(name, result, states);
        if (result !== 'counterexample') continue;
        lost.set(name, (lost.get(name) ?? new Set()).add(String(actor.text)));
        others = othersMayBeLetThrough([...refused]);
      } catch (cause) {
        return { ...found, why: messageOf(cause), cause };
      }
      const state = JSON.stringify(actor.snapshot.value);
      const why = `From ${state}, nothing that was tried leads there any more: some values of each event that the model has.`;
      return { ...found, why: why + others };
    }
    return undefined;
  };
}
