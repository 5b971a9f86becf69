import { limits } from '../../runtime/protocol/limits.ts';
import { isActorRef } from '../xstate-adapter.ts';

/**
 * A value in which actors are references, as XState writes them; also in maps and sets, where XState looks for none. What
 * holds no actor is given as it is, and so is what contains itself or is nested too deeply: the codec says where it does.
 */
export function referencesIn(value: unknown, within: object[] = []): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isActorRef(value)) return { xstate$$type: 1, id: value.id };
  if (within.length > limits.payloadDepthMax || within.includes(value)) return value;
  within.push(value);
  const kept = partsOf(value, within);
  within.pop();
  return kept;
}

function partsOf(value: object, within: object[]): unknown {
  switch (Object.getPrototypeOf(value)) {
    case Array.prototype:
      return itemsOf(value as unknown[], within);
    case Map.prototype:
    case Set.prototype: {
      const items = [...(value as Iterable<unknown>)];
      const kept = itemsOf(items, within);
      if (kept === items) return value;
      return value instanceof Map ? new Map(kept as [unknown, unknown][]) : new Set(kept);
    }
    case Object.prototype:
    case null:
      return propertiesOf(value as Record<string, unknown>, within);
    default:
      return value;
  }
}

/** A copy only if one of them holds an actor: most contexts hold none, and some are large. */
function itemsOf(items: unknown[], within: object[]): unknown[] {
  let copy: unknown[] | undefined;
  for (let index = 0; index < items.length; index++) {
    const kept = referencesIn(items[index], within);
    if (Object.is(kept, items[index])) continue;
    copy ??= items.slice();
    copy[index] = kept;
  }
  return copy ?? items;
}

function propertiesOf(record: Record<string, unknown>, within: object[]): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(record)) {
    const kept = referencesIn(record[key], within);
    if (Object.is(kept, record[key])) continue;
    copy ??= { ...record };
    copy[key] = kept;
  }
  return copy ?? record;
}
