import type { MachineSnapshot } from '../../../actors/xstate-adapter.ts';
import type { Random } from './fast-check.ts';
import type { ModelActor } from './model-actor.ts';
import type { Moves } from './moves.ts';
import { kindOfState } from './state-kind.ts';

/** What a search for a state has come to. */
export type SearchResult = 'ok' | 'inconclusive' | 'counterexample';

/** What came of a search, and how much it has gone through. */
export interface Searched {
  readonly result: SearchResult;
  readonly states: number;
  /** Events of which no value that was tried was let through somewhere, and of which there are others. */
  readonly refused: ReadonlySet<string>;
}

/** How many values of each event are tried in each state. */
const valuesOfEach = 4;

/**
 * Whether a state can still come about from where an actor is: over all that the model knows to happen, breadth first, and
 * first from states of a kind that was not met yet. States in which only less is left of a timer come last, and only where
 * two timers are ever set at once, since which of them is the first hangs on it, and any order would lead there. A
 * `counterexample` says that everything that was tried was gone through; `inconclusive`, that there was more. Before each
 * state that it goes on from, others may have a turn.
 */
export function* search(
  from: ModelActor,
  isWanted: (snapshot: MachineSnapshot) => boolean,
  moves: Moves,
  random: Random,
  { statesMax, raresMax }: { readonly statesMax: number; readonly raresMax: number },
): Generator<void, Searched> {
  const seen = new Set([textOf(from)]);
  const timed = new Set([timedTextOf(from)]);
  let again = 0;
  const refused = new Set<string>();
  let rares = 0;
  const ended = (result: SearchResult) => ({ result, states: seen.size + again, refused });
  if (isWanted(from.snapshot)) return ended('ok');
  const kinds = new Set<string>();
  const [unlike, like, later]: [ModelActor[], ModelActor[], ModelActor[]] = [[from], [], []];
  let canTimersRace = from.timers.length > 1;
  let isHopeless: boolean | undefined;
  for (;;) {
    let actor = unlike.shift() ?? like.shift();
    if (actor === undefined && canTimersRace) {
      isHopeless ??= !(yield* couldBe(from, isWanted, moves, random, statesMax));
      if (isHopeless) return ended('counterexample');
      actor = later.shift();
      if (actor !== undefined && seen.size + ++again > statesMax) return ended('inconclusive');
    }
    if (actor === undefined) return ended('counterexample');
    yield;
    const proposals = moves.all(actor, random, valuesOfEach);
    const missing = moves.refused(actor, proposals);
    if (missing.length > 0 && rares++ < raresMax)
      proposals.push(...(yield* moves.rare(actor, random, proposals)));
    for (const type of missing) refused.add(type);
    for (const { step } of proposals) {
      const after = actor.fork();
      if (after.take(step).outcome !== 'accepted') continue;
      if (isWanted(after.snapshot)) return ended('ok');
      canTimersRace ||= after.timers.length > 1;
      const text = textOf(after);
      const timedText = timedTextOf(after);
      if (timed.has(timedText)) continue;
      timed.add(timedText);
      if (seen.has(text)) {
        later.push(after);
        continue;
      }
      if (seen.size >= statesMax) return ended('inconclusive');
      seen.add(text);
      const kind = kindOfState(after.snapshot, moves.dictionary);
      (kinds.has(kind) ? like : unlike).push(after);
      kinds.add(kind);
    }
  }
}

/** Whether a state could come about if timers rang in any order, which is more than can happen, or more than is looked at. */
function* couldBe(
  from: ModelActor,
  isWanted: (snapshot: MachineSnapshot) => boolean,
  moves: Moves,
  random: Random,
  statesMax: number,
): Generator<void, boolean> {
  const keyOf = (actor: ModelActor): string => textOf(actor, actor.timers.map(({ label }) => label).sort());
  const seen = new Set([keyOf(from)]);
  const waiting = [from];
  for (let actor = waiting.shift(); actor !== undefined; actor = waiting.shift()) {
    yield;
    for (const { step } of moves.all(actor, random, valuesOfEach, 'any')) {
      const after = actor.fork();
      if (after.take(step).outcome !== 'accepted') continue;
      if (isWanted(after.snapshot)) return true;
      const key = keyOf(after);
      if (seen.has(key)) continue;
      if (seen.size >= statesMax) return true;
      seen.add(key);
      waiting.push(after);
    }
  }
  return false;
}

/** The state and what it waits for. The versions at which work began are no part of it. */
function textOf({ text, timers, work }: ModelActor, labels = timers.map(({ label }) => label)): string {
  return `${text instanceof Error ? text.message : text} ${labels} ${work.map(({ id }) => id)}`;
}

/** The same, and when timers come. */
export function timedTextOf(actor: ModelActor): string {
  return `${textOf(actor)} ${timesOf(actor)}`;
}

/** What is left of each timer. By how much one is late says nothing, only which are due at the same time. */
function timesOf({ timers, nowMs }: ModelActor): string {
  const times = timers.map(({ dueMs }, index) => {
    const isWithTheOneBefore = dueMs === timers[index - 1]?.dueMs;
    return `${Math.max(-1, dueMs - nowMs)}${isWithTheOneBefore ? '=' : ''}`;
  });
  return times.join();
}
