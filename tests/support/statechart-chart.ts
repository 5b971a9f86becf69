import { createMachine } from 'xstate';
import type { AnyStateMachine } from '../../actors/xstate-adapter.ts';

// biome-ignore lint/suspicious/noExplicitAny: XState's types would ask each machine of a table to spell out all it takes
type Loose = any;

/** What functions of a chart are given. */
export interface Args {
  readonly context: Loose;
  readonly event: Loose;
  readonly self: Loose;
  readonly input: Loose;
  readonly output: Loose;
  readonly spawn: Loose;
  readonly system: Loose;
}

type Part =
  | ((args: Args, params: Loose) => unknown)
  | string
  | number
  | boolean
  | null
  | undefined
  | object
  | readonly Part[]
  | { readonly [key: string]: Part };

/** A machine of any events and any context. */
export function chart(
  config: { readonly [key: string]: Part },
  implementations: { readonly [key: string]: { readonly [name: string]: Part } } = {},
): AnyStateMachine {
  return createMachine(config as never, implementations as never) as unknown as AnyStateMachine;
}
