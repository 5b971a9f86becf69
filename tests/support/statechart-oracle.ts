import { createActor, SimulatedClock } from 'xstate';
import { referencesIn } from '../../actors/steps/references-in.ts';
import type { AnyStateMachine, MachineEvent } from '../../actors/xstate-adapter.ts';
import { decode, encode } from '../../runtime/protocol/codec.ts';
import type { ScriptStep } from './statechart-step.ts';
import { World } from './statechart-world.ts';

/** Makes a machine that acts on a world. */
export type Define = (world: World) => AnyStateMachine;

/** What is seen of a machine after a step. */
export interface Observation {
  readonly value: unknown;
  readonly status: string;
  readonly context: unknown;
  readonly output: unknown;
  readonly error: string | undefined;
  readonly tags: readonly string[];
  readonly children: unknown;
  /** What was emitted since the step before. */
  readonly emitted: readonly MachineEvent[];
  /** What was done since the step before. */
  readonly performed: readonly string[];
}

/** A machine that is run by somebody. */
export interface Run {
  take(step: ScriptStep): Promise<void>;
  look(): Promise<Observation>;
}

/** A turn of the event loop, in which every promise that is settled has been heard. */
export const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

/** Hands out what came into a list since it was last asked. */
export function newsOf<Item>(list: readonly Item[]): () => readonly Item[] {
  let told = 0;
  return () => {
    const news = list.slice(told);
    told = list.length;
    return news;
  };
}

/** The plain form of a value. The ids that XState makes up are different in each process. */
export function plain(value: unknown): unknown {
  return decode(encode(value).replaceAll(/"((?:xstate\.\w+\.actor\.)?x:)[^"]*"/g, '"$1?"'));
}

/** What of persisted children must be the same. */
export function shownChildren(persisted: unknown): unknown {
  const { children = {} } = (persisted ?? {}) as { children?: Record<string, { snapshot: unknown }> };
  return Object.fromEntries(
    Object.entries(children).map(([id, { snapshot }]) => {
      const { status, value, context, output } = snapshot as Record<string, unknown>;
      const shown = { status, value, context, output, children: shownChildren(snapshot) };
      return [id.startsWith('x:') ? 'x:?' : id, plain(shown)];
    }),
  );
}

/** XState itself: what the machine has to do. */
export function runByXState(define: Define, input: unknown): Run {
  const world = new World();
  const clock = new SimulatedClock();
  const emitted: MachineEvent[] = [];
  const actor = createActor(define(world), { id: '1', clock, input } as never);
  actor.subscribe({ error: () => undefined });
  actor.on('*', (event: MachineEvent) => emitted.push(event));
  actor.start();
  const performedNow = newsOf(world.performed);
  const emittedNow = newsOf(emitted);
  return {
    async take(step) {
      if (step.kind === 'advance') clock.increment(step.ms);
      else if (step.kind === 'world') step.act(world);
      // XState says nothing of an event to an actor that has ended.
      else actor.send(step.event as never);
      await turn();
    },
    async look() {
      await turn();
      const { value, status, tags, output, error } = actor.getSnapshot();
      const persisted = actor.getPersistedSnapshot() as { context?: unknown };
      return {
        value,
        status,
        // XState leaves actors in maps and sets as they are.
        context: plain(referencesIn(persisted.context)),
        output: plain(output),
        error: messageOf(error),
        tags: [...tags].sort(),
        children: shownChildren(persisted),
        emitted: emittedNow(),
        performed: performedNow(),
      };
    },
  };
}

/** The message of an error that was kept, whatever its type. */
export function messageOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  return error instanceof Error ? error.message : String(error);
}
