import { isInternalType } from '../../runtime/protocol/internal-type.ts';
import { checkName, describe, isReservedType } from '../../runtime/protocol/names.ts';
import { invalidOption, isRecord } from '../../runtime/protocol/options.ts';
import type { AnyStateMachine, EventFromLogic } from '../xstate-adapter.ts';
import type { EventData } from './event-data.ts';

/**
 * Turns the payload of a stored event at one schema version into that of the next. Returns
 *
 * - an object: the payload of the same type of event at the next version;
 * - an array of events: those that it stands for now, to rename it (one of another type), to split it (several) or to
 *   drop it (`[]`). One of the same type goes on with the rest of the chain, one of another type through the whole
 *   chain of that type.
 *
 * Nothing else: `undefined` is a forgotten `return`, and an error. Pure: it may be called any number of times, on any
 * thread, and gets a payload of its own each time. Written as a method so that the older payload, which no type knows
 * any more, can be named where it is used: `(data: { body: string }) => ...`.
 */
export type Upcaster<Output = object> = { upcast(data: unknown): Output }['upcast'];

/** An event that an upcaster returns: one of the machine, or one whose type has a chain that it goes through. */
export type UpcastEvent<Machine extends AnyStateMachine, Chained extends string = string> =
  | Exclude<EventFromLogic<Machine>, { type: Chained }>
  | { readonly type: Chained; readonly [field: string]: unknown };

/**
 * The upcasters of one type of event, oldest first. The last of them makes the payload that the machine takes; of a
 * type that the machine does not have any more, it makes events that it has.
 */
export type UpcastChain<
  Machine extends AnyStateMachine,
  Type extends string,
  Chained extends string = string,
> = readonly [
  ...Upcaster<object | readonly UpcastEvent<Machine, Chained>[]>[],
  Upcaster<
    | readonly UpcastEvent<Machine, Chained>[]
    | (Type extends EventFromLogic<Machine>['type'] ? EventData<EventFromLogic<Machine>, Type> : never)
  >,
];

/** Upcasters by type of event: types of the machine, and types that only the past has. */
export type UpcastChains<Machine extends AnyStateMachine, Type extends string> = {
  readonly [Each in Type]: UpcastChain<Machine, Each, NoInfer<Type>>;
};

/** The chains of a definition, whatever its machine. */
export type AnyUpcastChains = Readonly<Record<string, readonly Upcaster<unknown>[]>>;

/** Refuses what are no chains of functions, and types that are not the definition's. */
export function checkUpcast(owner: string, chains: unknown): void {
  if (!isRecord(chains)) {
    throw invalidOption(
      `${owner}: "upcast" must be an object of chains by event type, got ${describe(chains)}.`,
    );
  }
  for (const [type, chain] of Object.entries(chains)) {
    checkName(`${owner}: a type of "upcast"`, type);
    if (isReservedType(type) || isInternalType(type)) {
      throw invalidOption(`${owner}: "upcast" has the type "${type}", which is reserved.`);
    }
    if (!Array.isArray(chain) || !chain.every((upcaster) => typeof upcaster === 'function')) {
      throw invalidOption(`${owner}: "upcast.${type}" must be an array of functions, oldest first.`);
    }
  }
}
