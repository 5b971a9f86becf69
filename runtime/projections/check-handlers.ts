import {
  type AnyAggregateDefinition,
  isAggregateDefinition,
} from '../../actors/definitions/define-aggregate.ts';
import { knownTypes, namedTypes } from '../../actors/xstate-adapter.ts';
import { nearestName } from '../errors/nearest-name.ts';
import { isInternalType } from '../protocol/internal-type.ts';
import { checkFunction, invalidOption, isRecord } from '../protocol/options.ts';

/** Checks the handlers of a projection or a reactor. */
export function checkHandlers(
  owner: string,
  on: unknown,
  from: readonly AnyAggregateDefinition[] | undefined,
): void {
  if (!isRecord(on) || Object.keys(on).length === 0)
    throw invalidOption(
      `${owner}: "on" must have a handler for at least one event, such as "document.created".`,
    );
  if (from !== undefined && !(Array.isArray(from) && from.every(isAggregateDefinition)))
    throw invalidOption(`${owner}: "from" must be an array of what defineAggregate returned.`);
  const known = from?.map(eventsOf) ?? [];
  for (const [key, handler] of Object.entries(on)) {
    checkFunction(owner, `on['${key}']`, handler ?? null);
    if (from === undefined || key === '*' || known.some(({ has }) => has(key))) continue;
    const near = nearestName(
      key,
      known.flatMap(({ keys }) => keys),
    );
    // Without one that it could stand for, it may be an event that only the past has.
    if (near !== undefined) {
      throw invalidOption(
        `${owner}: "on['${key}']" is of no event in "from" (${from.map(({ kind }) => kind).join(', ')}). Did you mean "${near}"? One of the past must be in its "upcast" or "events".`,
      );
    }
  }
}

/** The keys of a definition's events: those that its machine names, and those that only the past has. */
function eventsOf({ kind, machine, upcast, events }: AnyAggregateDefinition): {
  readonly keys: readonly string[];
  readonly has: (key: string) => boolean;
} {
  // A wildcard of the machine is no key; `*` stands for all others of the kind.
  const named = [...namedTypes(machine)].filter((type) => !type.endsWith('*'));
  const types = [...named, ...Object.keys(upcast), ...Object.keys(events), '*'];
  const knows = knownTypes(machine);
  return {
    keys: types.map((type) => `${kind}.${type}`),
    has: (key) => {
      if (!key.startsWith(`${kind}.`)) return false;
      const type = key.slice(kind.length + 1);
      return types.includes(type) || (!type.endsWith('.*') && (isInternalType(type) || knows(type)));
    },
  };
}
