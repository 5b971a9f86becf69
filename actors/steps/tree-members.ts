import type { ActorPath } from '../../runtime/protocol/timer.ts';
import type { LiveActor } from '../xstate-adapter.ts';
import { pathOf } from './actor-path.ts';

/**
 * The actors that run in a tree below its root, by their place. XState's own `children` do not have all of them: a second actor
 * that is spawned without an id takes the place of the first there, which nevertheless goes on.
 */
export class TreeMembers {
  readonly #byPath = new Map<ActorPath, LiveActor>();

  add(actor: LiveActor): void {
    this.#byPath.set(pathOf(actor), actor);
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
