import {
  type AnyEventObject,
  assign,
  emit,
  type MachineContext,
  type ProvidedActor,
  raise,
  sendParent,
  sendTo,
} from 'xstate';
import type { Args } from './statechart-chart.ts';
import type { World } from './statechart-world.ts';

type Given<What> = What | ((args: Args) => unknown);
interface Later {
  readonly delay?: Given<number | string>;
  readonly id?: string;
}
type Send = (to: Given<string>, event: Given<object>, options?: Later) => object;
type Raise = (event: Given<object>, options?: Later) => object;

// XState's actions for machines of any events, which the tests do not spell out.
export const raises = raise as unknown as Raise;
export const sends = sendTo as unknown as Send;
export const tellsParent = sendParent as unknown as Raise;
export const emits = emit as unknown as Raise;

const assigning = assign<MachineContext, AnyEventObject, undefined, AnyEventObject, ProvidedActor>;

/** Adds one to a number in the context. */
export const bump = (key: string) => assigning(({ context }) => ({ [key]: context[key] + 1 }));

/** Puts a property of the event into the context. */
export const keep = (key: string, property = key) => assigning(({ event }) => ({ [key]: event[property] }));

/** Puts a value into the context. */
export const put = (key: string, value: unknown) => assigning({ [key]: value });

/** Appends to a list in the context. */
export const note = (key: string, what: string) =>
  assigning(({ context }) => ({ [key]: [...context[key], what] }));

/** An action that is seen from outside. */
export const does = (world: World, what: string) => (): void => world.did(what);

/** Entry and exit actions that tell of themselves. */
export const tells = (world: World, name: string) => ({
  entry: does(world, `enter ${name}`),
  exit: does(world, `exit ${name}`),
});

/** Spawns an actor and puts a reference to it into the context. */
export const spawns = (key: string, src: string, options: object = {}) =>
  assigning(({ spawn }) => ({ [key]: spawn(src, options) }));
