import { type AnySnapshot, isActorRef, type LiveActor } from '../xstate-adapter.ts';
import { referencesIn } from './references-in.ts';

/**
 * Whether XState would make the same tree of what it persists of one. It finds a child by the key that it is kept under,
 * and what a context refers to among the children of the same machine: a reference to a parent, to a sibling or to a
 * child that was stopped would come back as `undefined`, and in maps and sets it looks for none. Data that looks like what it
 * persists of an actor, as in the persisted snapshot of another machine, would come back as one.
 */
export function isRestorable(root: LiveActor, members: Iterable<LiveActor>): boolean {
  if (root.getSnapshot().status === 'error') return false;
  const found = new Set<LiveActor>();
  if (!isSound(root, found)) return false;
  for (const member of members) {
    if (member.getSnapshot().status === 'active' && !found.has(member)) return false;
  }
  return true;
}

function isSound(actor: LiveActor, found: Set<LiveActor>): boolean {
  found.add(actor);
  const { children = {}, context } = actor.getSnapshot();
  // First, since it may be asked with every event: there may be many children.
  if (!refersOnlyTo(children, context)) return false;
  for (const [key, child] of Object.entries(children)) {
    if (child !== undefined && (child.id !== key || !isSound(child, found))) return false;
  }
  return true;
}

function refersOnlyTo(children: NonNullable<AnySnapshot['children']>, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (isActorRef(value)) return Object.hasOwn(children, value.id) && children[value.id] === value;
  if (Object.hasOwn(value, 'xstate$$type')) return false;
  if (value instanceof Map || value instanceof Set) return referencesIn(value) === value;
  return Object.values(value).every((part) => refersOnlyTo(children, part));
}
