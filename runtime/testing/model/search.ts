import type { MachineSnapshot } from '../../../actors/xstate-adapter.ts';
import type { Random } from './fast-check.ts';
import type { ModelActor } from './model-actor.ts';
import type { Moves } from './moves.ts';

/** What a search for a state has come to. */
export type SearchResult = 'ok' | 'inconclusive' | 'counterexample';

/** How many values of each event are tried in each state. */
const valuesOfEach = 4;

/**
 * Whether a state can still come about from where an actor is: breadth first over all that the model knows to happen. A
 * `counterexample` says that everything that was tried was gone through; `inconclusive`, that there was more.
 */
export function search(
  from: ModelActor,
  isWanted: (snapshot: MachineSnapshot) => boolean,
  moves: Moves,
  random: Random,
  statesMax: number,
): SearchResult {
  if (isWanted(from.snapshot)) return 'ok';
  const seen = new Set([textOf(from)]);
  let waiting = [from];
  while (waiting.length > 0) {
    const next: ModelActor[] = [];
    for (const actor of waiting) {
      for (const { step } of moves.all(actor, random, valuesOfEach)) {
        const after = actor.fork();
        if (after.take(step).outcome !== 'accepted') continue;
        if (isWanted(after.snapshot)) return 'ok';
        const text = textOf(after);
        if (seen.has(text)) continue;
        if (seen.size >= statesMax) return 'inconclusive';
        seen.add(text);
        next.push(after);
      }
    }
    waiting = next;
  }
  return 'counterexample';
}

/** The state and what it waits for. The versions at which work began are no part of it. */
function textOf({ text, timers, work }: ModelActor): string {
  return `${text instanceof Error ? text.message : text} ${timers.map(({ label }) => label)} ${work.map(({ id }) => id)}`;
}
