import type { AnyStateMachine, EventFromLogic, SnapshotFrom } from '../../../actors/xstate-adapter.ts';
import { nearestName } from '../../errors/nearest-name.ts';
import { describe } from '../../protocol/names.ts';
import { invalidOption, isRecord } from '../../protocol/options.ts';
import type { CommandStep, TimerStep, WorkStep } from './model-step.ts';
import type { Moment, Pending } from './moment.ts';

/**
 * What holds of every machine that can be hosted:
 *
 * - `no-throw`: no guard, assign or other part of the machine throws, and it does not end in status `error`;
 * - `immutable`: a step leaves the state before it as it was;
 * - `unhandled-is-noop`: so does an event that is not accepted;
 * - `deterministic`: the same step from the same state leads to the same state and asks for the same. A machine alone
 *   is stepped at two moments, so that one that asks for the time or for chance is found. A definition draws both from
 *   its event, as in a host, and may ask for them;
 * - `round-trip`: the state can be kept, what is restored is the same, and it goes on in the same way;
 * - `replay`: what is replayed from the journal is the same, also from a snapshot and what came after;
 * - `no-deadlock`: in a state that is not final something can happen: an event that is accepted, a timer, work.
 */
export const oracles = [
  'no-throw',
  'immutable',
  'unhandled-is-noop',
  'deterministic',
  'round-trip',
  'replay',
  'no-deadlock',
] as const;

/** One of the built-in {@link oracles}. */
export type Oracle = (typeof oracles)[number];

/**
 * What has to hold of a machine. Each is a function that says so: it returns false, or throws, if it does not hold. What
 * else it returns does not matter, so that any assertion library can be used.
 */
export interface Properties<Machine extends AnyStateMachine = AnyStateMachine> {
  /** Of every state that is reached, and of what is pending in it, by what to call it. */
  readonly invariants?: {
    readonly [name: string]: (snapshot: SnapshotFrom<Machine>, pending: Pending) => unknown;
  };
  /** Of every step that is accepted: the state before, what happened, the state after, and what is pending then. */
  readonly steps?: {
    readonly [name: string]: (
      before: SnapshotFrom<Machine>,
      step: EventFromLogic<Machine> | CommandStep | TimerStep | WorkStep,
      after: SnapshotFrom<Machine>,
      pending: Pending,
    ) => unknown;
  };
  /**
   * Of a run as a whole: everything that happened from the beginning, refused events too. For what a state does not
   * tell: how often something happened, or in which order. Asked at the end of each run.
   */
  readonly traces?: { readonly [name: string]: (moments: readonly Moment<Machine>[]) => unknown };
  /**
   * What can still come about from every state that is visited. Searched for breadth first within `searchMax` states; what
   * is neither found nor refuted by then is reported as `inconclusive`.
   */
  readonly eventually?: { readonly [name: string]: (snapshot: SnapshotFrom<Machine>) => boolean };
  /** Which of the built-in oracles to ask. Default: all. */
  readonly oracles?: readonly Oracle[];
}

/** The names of {@link Properties}. */
export const propertyNames = ['invariants', 'steps', 'traces', 'eventually', 'oracles'] as const;

/** Refuses properties that are no functions, and oracles that there are not. */
export function checkProperties(owner: string, properties: Properties): void {
  for (const part of ['invariants', 'steps', 'traces', 'eventually'] as const) {
    const given: unknown = properties[part];
    if (given !== undefined && !isRecord(given)) {
      throw invalidOption(
        `${owner}: "${part}" must be an object of functions by name, got ${describe(given)}.`,
      );
    }
    for (const [name, property] of Object.entries(properties[part] ?? {})) {
      if (typeof property === 'function') continue;
      throw invalidOption(`${owner}: "${part}.${name}" must be a function, got ${describe(property)}.`);
    }
  }
  const { oracles: asked } = properties;
  if (asked === undefined) return;
  if (!Array.isArray(asked))
    throw invalidOption(`${owner}: "oracles" must be an array of ${oracles.join(', ')}.`);
  for (const oracle of asked) {
    if ((oracles as readonly unknown[]).includes(oracle)) continue;
    const near = nearestName(String(oracle), oracles);
    throw invalidOption(
      `${owner}: there is no oracle ${describe(oracle)}${near === undefined ? `: there are ${oracles.join(', ')}` : `; did you mean "${near}"?`}`,
    );
  }
}

/** A property that does not hold. */
export interface Violation {
  readonly kind: 'invariant' | 'step' | 'trace' | 'eventually' | 'oracle' | 'sut';
  readonly name: string;
  /** What was seen, in a sentence. */
  readonly why: string;
  /** What was thrown, if something was. */
  readonly cause?: unknown;
}

/** Whether two violations are of the same property. */
export function isSameProperty(one: Violation, other: Violation): boolean {
  return one.kind === other.kind && one.name === other.name;
}
