import type { MonotonicClock } from '../ports/monotonic-clock.ts';
import type { NamedBinding } from './binding.ts';
import type { Initialisation } from './initialisation.ts';
import type { Plan } from './plan.ts';

/** What the container and its scopes were told. */
export interface Settings {
  readonly initTimeoutMs: number | undefined;
  readonly closeTimeoutMs: number;
  readonly clock: MonotonicClock;
  /** By the clock. */
  readonly createdAt: number;
}

/** What a container and its scopes have in common. */
export class Family {
  readonly bindings: ReadonlyMap<string, NamedBinding>;
  readonly settings: Settings;
  /** Factories that have not ended, also those whose value nobody waits for any more. */
  readonly running = new Set<Initialisation>();
  /** Who disposes an object: the binding that made it, not those that hand it on. */
  readonly #keepers = new WeakMap<object, object>();
  #plain: Set<unknown> | undefined;
  #made = 0;

  constructor({ bindings }: Plan, settings: Settings) {
    this.bindings = bindings;
    this.settings = settings;
  }

  /** Numbers what was made, in order. */
  next(): number {
    return ++this.#made;
  }

  /** Notes which slot has made an object, unless another has, or it was given: those that hand it on do not dispose it. */
  claim(slot: object, value: unknown): void {
    if (!isObject(value) || this.#keepers.has(value)) return;
    this.#plain ??= this.#plainValues();
    this.#keepers.set(value, this.#plain.has(value) ? this : slot);
  }

  /**
   * Whether an object is the slot's to dispose, which it is not a second time: what comes from a pool may come again, and
   * is then whose who has it next.
   */
  release(slot: object, value: unknown): boolean {
    return isObject(value) && this.#keepers.get(value) === slot && this.#keepers.delete(value);
  }

  /** An object that was given to a scope is never disposed, unless a binding has made it before. */
  give(value: unknown): void {
    if (isObject(value) && !this.#keepers.has(value)) this.#keepers.set(value, this);
  }

  #plainValues(): Set<unknown> {
    const values = new Set<unknown>();
    for (const { factory, value } of this.bindings.values()) if (factory === undefined) values.add(value);
    return values;
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
