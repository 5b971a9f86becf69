import type { ActorPath } from '../../runtime/protocol/timer.ts';
import type { LiveActor } from '../xstate-adapter.ts';

/** Where an actor is in its tree. */
export function pathOf(actor: LiveActor): ActorPath {
  const ids: string[] = [];
  for (let at = actor; at._parent !== undefined; at = at._parent) ids.unshift(at.id);
  return ids.length === 0 ? '' : JSON.stringify(ids);
}
