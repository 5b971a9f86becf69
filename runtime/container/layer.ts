import type { NamedBinding } from './binding.ts';
import { closed, scopeLeak, unknownBinding } from './container-errors.ts';
import { disposeLate, type Made } from './dispose.ts';
import type { Family } from './family.ts';
import { type Asker, Initialisation } from './initialisation.ts';
import type { Resolution } from './resolution.ts';
import { Slot } from './slot.ts';

const nothing: ReadonlyMap<string, unknown> = new Map();

/** The values of a container, or of one of its scopes. */
export class Layer {
  readonly family: Family;
  readonly parent: Layer | undefined;
  readonly root: Layer;
  readonly scopes = new Set<Layer>();
  /** What was made here and is to be disposed. */
  readonly made = new Set<Made>();
  /** Set once it takes no more questions. */
  closing: Promise<void> | undefined;
  /** Whether what is made from now on has to be disposed at once. */
  isEmptied = false;
  readonly #slots = new Map<string, Slot>();
  readonly #given: ReadonlyMap<string, unknown> = nothing;

  constructor(family: Family, parent?: Layer, given?: Readonly<Record<string, unknown>>) {
    this.family = family;
    this.parent = parent;
    this.root = parent?.root ?? this;
    if (parent === undefined) return;
    this.#given = new Map([...parent.#given, ...Object.entries(given ?? {})]);
    for (const value of this.#given.values()) family.give(value);
    parent.scopes.add(this);
  }

  /**
   * The slot of a binding for whoever asks, with its value or with a promise of it.
   *
   * @throws HOLDFAST_ERR_CLOSED, HOLDFAST_ERR_CONTAINER_BINDING_UNKNOWN, HOLDFAST_ERR_CONTAINER_SCOPE,
   * HOLDFAST_ERR_CONTAINER_CYCLE, and what has failed in the same resolution.
   */
  ask(name: string, asker: Asker): Slot {
    const by = asker instanceof Initialisation ? asker : undefined;
    if (this.closing !== undefined) throw closed(name);
    const slot = this.slotOf(this.bindingOf(name, by?.name), by);
    if (slot.status === 'ready') return slot;
    if (slot.run !== undefined) {
      by?.waitFor(slot.run);
      return slot;
    }
    const failure = (by?.resolution ?? (asker as Resolution)).failureOf(slot);
    if (failure !== undefined) throw failure;
    const run = new Initialisation(slot, asker);
    by?.waitFor(run);
    run.start();
    return slot;
  }

  /** @throws HOLDFAST_ERR_CONTAINER_BINDING_UNKNOWN. */
  bindingOf(name: string, by?: string): NamedBinding {
    const { bindings } = this.family;
    const binding = bindings.get(name);
    if (binding === undefined) throw unknownBinding(String(name), [...bindings.keys()], by);
    return binding;
  }

  /** @throws HOLDFAST_ERR_CONTAINER_SCOPE for what only a scope has, or only a scoped binding may have. */
  slotOf(binding: NamedBinding, asker?: Initialisation): Slot {
    if (binding.kind !== 'scoped') return this.root.#slotOf(binding);
    const isLeak = asker?.family === this.family && asker.slot.binding.kind !== 'scoped';
    if (isLeak) throw scopeLeak([asker.name, binding.name]);
    if (this.parent === undefined) throw scopeLeak([binding.name]);
    return this.#slotOf(binding);
  }

  /** The slots that somebody has looked at. */
  get slots(): IterableIterator<Slot> {
    return this.#slots.values();
  }

  /**
   * Notes what was made, to be disposed. What comes after its factory was given up is in nobody's hands: returns the end of
   * its disposal.
   */
  keep(slot: Slot, value: unknown, isLate: boolean): Promise<void> | undefined {
    this.family.claim(slot, value);
    const made: Made = { slot, value, order: this.family.next() };
    if (this.isEmptied || (isLate && this.closing === undefined)) return disposeLate(made);
    this.made.add(made);
    return undefined;
  }

  #slotOf(binding: NamedBinding): Slot {
    const { name } = binding;
    const known = this.#slots.get(name);
    if (known !== undefined) return known;
    const slot = new Slot(binding, this);
    this.#slots.set(name, slot);
    const isGiven = this.parent !== undefined && this.#given.has(name);
    if (isGiven || binding.factory === undefined) {
      slot.fill(isGiven ? this.#given.get(name) : binding.value);
      slot.promise = Promise.resolve(slot.value);
    }
    return slot;
  }
}
