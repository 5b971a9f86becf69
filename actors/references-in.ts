import { isActorRef } from './xstate-adapter.ts';

/**
 * A value in which actors are references, as XState writes them; also in maps and sets, where XState looks for none. What
 * holds no actor is given as it is, and so is what contains itself: the codec says where it does.
 */
export function referencesIn(value: unknown, within: readonly object[] = []): unknown {
  if (typeof value !== 'object' || value === null || within.includes(value)) return value;
  if (isActorRef(value)) return { xstate$$type: 1, id: value.id };
  const prototype: unknown = Object.getPrototypeOf(value) ?? Object.prototype;
  const Collection = [Map, Set, Array, Object].find((each) => each.prototype === prototype);
  if (Collection === undefined) return value;
  const parts: unknown[] = Collection === Object ? Object.entries(value) : [...(value as unknown[])];
  const ancestors = [...within, value];
  const kept = parts.map((part) => referencesIn(part, ancestors));
  if (kept.every((part, index) => part === parts[index])) return value;
  if (Collection === Array) return kept;
  return Collection === Object ? Object.fromEntries(kept as []) : new (Collection as SetConstructor)(kept);
}
