import type { AnyStateMachine, ContextFrom, StateValueFrom } from '../xstate-adapter.ts';

/**
 * A snapshot that an older version of a definition saved. Its values are of that version's types, which can be named:
 * `(snapshot: OlderSnapshot<{ name: string }>, fromVersion) => ...`.
 */
export interface OlderSnapshot<Context = unknown> {
  /** State value: a string, or an object for nested and parallel states. */
  readonly state: unknown;
  readonly context: Context;
  readonly status: 'active' | 'done';
  /** What history states remember: for each, by its id, the ids of the states to go back to. */
  readonly history: unknown;
  /** Output of a machine that is done. */
  readonly output?: unknown;
  /** Child actors by their ids, as XState persists them: `{ snapshot, src, systemId, syncSnapshot }`. */
  readonly children?: Readonly<Record<string, unknown>>;
}

/** A snapshot as the machine of a definition takes it. */
export interface MigratedSnapshot<Machine extends AnyStateMachine> {
  readonly state: StateValueFrom<Machine>;
  readonly context: ContextFrom<Machine>;
  /** Default: that of the older snapshot. */
  readonly status?: 'active' | 'done';
  /** Default: that of the older snapshot, as far as its states still exist. */
  readonly history?: unknown;
  /** Default: that of the older snapshot. */
  readonly output?: unknown;
  /** Default: those of the older snapshot. */
  readonly children?: Readonly<Record<string, unknown>>;
}

/**
 * Turns a snapshot of an older `version` of the definition into one of its own, or returns `undefined` to have the
 * stream replayed. It must give what a replay gives, which `runtime.rehearse()` checks. Pure. Written as a method so
 * that the older types can be named where they are used. `State` is inferred from what is returned: without it, the compiler
 * would widen the literal of a returned `{ state: 'draft' }` to a string. A function that returns states of several shapes
 * names its type: `(older): MigratedSnapshot<typeof machine> => ...`.
 */
export type Migrate<Machine extends AnyStateMachine, State = string | object> = {
  migrate(
    snapshot: OlderSnapshot,
    fromVersion: number,
  ): (MigratedSnapshot<Machine> & { readonly state: State }) | undefined;
}['migrate'];
