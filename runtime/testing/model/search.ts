import type { MachineSnapshot } from '../../../actors/xstate-adapter.ts';
import type { Random } from './fast-check.ts';
import type { ModelActor } from './model-actor.ts';
import type { Moves } from './moves.ts';
import { kindOfState } from './state-kind.ts';

/** What a search for a state has come to. */
export type SearchResult = 'ok' | 'inconclusive' | 'counterexample';

/** How many values of each event are tried in each state. */
const valuesOfEach = 4;

/**
 * Whether a state can still come about from where an actor is: over all that the model knows to happen, breadth first, and
 * first from states of a kind that was not met yet. A `counterexample` says that everything that was tried was gone
 * through; `inconclusive`, that there was more. Before each state that it goes on from, others may have a turn.
 */
export function* search(
  from: ModelActor,
  isWanted: (snapshot: MachineSnapshot) => boolean,
  moves: Moves,
  random: Random,
  statesMax: number,
): Generator<void, { readonly result: SearchResult; readonly states: number }> {
  const seen = new Set([textOf(from)]);
  const ended = (result: SearchResult) => ({ result, states: seen.size });
  if (isWanted(from.snapshot)) return ended('ok');
  const kinds = new Set<string>();
  const [unlike, like]: [ModelActor[], ModelActor[]] = [[from], []];
  for (let actor = unlike.shift(); actor !== undefined; actor = unlike.shift() ?? like.shift()) {
    yield;
    for (const { step } of moves.all(actor, random, valuesOfEach)) {
      const after = actor.fork();
      if (after.take(step).outcome !== 'accepted') continue;
      if (isWanted(after.snapshot)) return ended('ok');
      const text = textOf(after);
      if (seen.has(text)) continue;
      if (seen.size >= statesMax) return ended('inconclusive');
      seen.add(text);
      const kind = kindOfState(after.snapshot, moves.dictionary);
      (kinds.has(kind) ? like : unlike).push(after);
      kinds.add(kind);
    }
  }
  return ended('counterexample');
}

/** The state and what it waits for. The versions at which work began are no part of it. */
function textOf({ text, timers, work }: ModelActor): string {
  return `${text instanceof Error ? text.message : text} ${timers.map(({ label }) => label)} ${work.map(({ id }) => id)}`;
}
