import type { ActorPath } from '../../runtime/protocol/timer.ts';
import type { LiveActor, MachineSnapshot } from '../xstate-adapter.ts';
import { pathOf } from './actor-path.ts';

/**
 * The actors that run in a tree below its root, by their place. XState's own `children` do not have all of them: a second actor
 * that is spawned without an id takes the place of the first there, which nevertheless goes on.
 */
export class TreeMembers {
  readonly #byPath = new Map<ActorPath, LiveActor>();

  /**
   * An actor starts. One that its parent has spawned and stopped while it began itself still starts, after the one that was
   * spawned in its place, and is stopped then: it takes no place away.
   */
  add(actor: LiveActor): void {
    const path = pathOf(actor);
    const there = this.#byPath.get(path);
    if (there === undefined || !isChild(there)) this.#byPath.set(path, actor);
  }

  /** An actor has stopped. Another one may have its place already. */
  remove(actor: LiveActor): void {
    const path = pathOf(actor);
    if (this.#byPath.get(path) === actor) this.#byPath.delete(path);
  }

  at(path: ActorPath): LiveActor | undefined {
    return this.#byPath.get(path);
  }

  /** All of them, parents first. */
  all(): IterableIterator<LiveActor> {
    return this.#byPath.values();
  }
}

/** Whether the parent of an actor still knows it by its id. */
function isChild(actor: LiveActor): boolean {
  const { children } = (actor._parent as LiveActor).getSnapshot() as Partial<MachineSnapshot>;
  return children?.[actor.id] === actor;
}
