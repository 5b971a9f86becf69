import { notListed, notReady } from './container-errors.ts';
import type { Initialisation } from './initialisation.ts';
import { Resolution } from './resolution.ts';
import { runningFactory } from './running-code.ts';

/** Dependencies that are handed over. `ready` is absent if all are there: one may be called `then`, so they are no result. */
export interface Handed {
  readonly deps: object;
  readonly ready: Promise<unknown> | undefined;
}

/** Has the named dependencies made, at the same time. */
export function gather(names: readonly string[], by: Initialisation): Handed {
  const deps: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  const waits: Promise<unknown>[] = [];
  for (const name of names) {
    try {
      const slot = by.slot.layer.ask(name, by);
      if (slot.status === 'ready') deps[name] = slot.value;
      else
        waits.push(
          (slot.promise as Promise<unknown>).then((value) => {
            deps[name] = value;
          }),
        );
    } catch (error) {
      waits.push(Promise.reject(error as Error));
      break;
    }
  }
  return { deps, ready: waits.length === 0 ? undefined : Promise.all(waits) };
}

/** What is looked for in any object that is awaited or printed, and is no question for a binding. */
const notAsked: ReadonlySet<string | symbol> = new Set(['then', 'toJSON']);

/** What a factory asks that names no dependencies. It may keep it, and ask later. */
export function resolverOf(by: Initialisation): object {
  const { layer, binding: asker } = by.slot;
  const { bindings } = layer.family;
  return new Proxy(Object.create(null) as object, {
    has: (_target, name) => typeof name === 'string' && bindings.has(name),
    ownKeys() {
      throw notListed(asker.name);
    },
    get(_target, name) {
      if (typeof name === 'symbol') return undefined;
      const kind = bindings.get(name)?.kind;
      if (kind === undefined && notAsked.has(name)) return undefined;
      // One that has been made waits for nobody; the factory that calls it may, and is the one that asks then.
      const asking = by.isSettled ? (runningFactory() ?? new Resolution('get')) : by;
      if (kind === 'lazy' || (kind === 'scoped' && asker.kind === 'scoped')) {
        try {
          return layer.ask(name, asking).promise;
        } catch (error) {
          return refused(error);
        }
      }
      // What is there can be read also while it closes: a `dispose` may need it.
      const there = kind === 'eager' || kind === 'value' ? layer.slotOf(layer.bindingOf(name)) : undefined;
      const slot = there?.status === 'ready' ? there : layer.ask(name, asking);
      if (slot.status === 'ready') return slot.value;
      throw notReady(asker.name, name);
    },
  });
}

/** A rejection that need not be heard. */
function refused(error: unknown): Promise<never> {
  const rejection = Promise.reject(error as Error);
  rejection.catch(() => undefined);
  return rejection;
}
