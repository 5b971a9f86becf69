import type { ActorPath } from '../runtime/protocol/consequences.ts';
import type { LiveActor } from './xstate-adapter.ts';

/** Where an actor is in its tree. */
export function pathOf(actor: LiveActor): ActorPath {
  const ids: string[] = [];
  for (let at = actor; at._parent !== undefined; at = at._parent) ids.unshift(at.id);
  return ids.length === 0 ? '' : JSON.stringify(ids);
}

/** The actor at a path below a root, if there is one now. */
export function actorAt(root: LiveActor, path: ActorPath): LiveActor | undefined {
  let at: LiveActor | undefined = root;
  for (const id of path === '' ? [] : (JSON.parse(path) as string[])) {
    const children: Readonly<Record<string, LiveActor | undefined>> | undefined = at?.getSnapshot().children;
    at = children !== undefined && Object.hasOwn(children, id) ? children[id] : undefined;
  }
  return at;
}

/** All actors below one, and itself, parents first. */
export function* actorsFrom(actor: LiveActor): Generator<LiveActor> {
  yield actor;
  for (const child of Object.values(actor.getSnapshot().children ?? {})) {
    if (child !== undefined) yield* actorsFrom(child);
  }
}
