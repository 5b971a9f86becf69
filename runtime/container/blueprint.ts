import { type AnyBlueprint, type BlueprintHandle, blueprintKey } from '../protocol/container-blueprint.ts';
import { describe } from '../protocol/names.ts';
import { invalidOption } from '../protocol/options.ts';
import { type Binding, bind, NamedBinding, override, plainValue } from './binding.ts';
import { unknownBinding } from './container-errors.ts';
import type { BindingOptions, FactoryContext } from './factory-context.ts';
import { type ContainerOptions, openContainer } from './open-container.ts';
import { type Plan, PlanInMaking } from './plan.ts';

/** What a factory asks that names no dependencies: what is there is a value, what is made later a promise. */
export type Deps<Ready extends object, Later extends object> = Ready & {
  readonly [Name in keyof Later]: Promise<Later[Name]>;
};

/** A name that is not taken. */
type Fresh<Name extends string, Known> = Name extends keyof Known ? never : Name;
type Bound<Name extends string, V> = { readonly [Bind in Name]: Awaited<V> };
type Make<D, V> = (deps: D, context: FactoryContext) => V;
type Options<V> = BindingOptions<NoInfer<Awaited<V>>>;

/** What replaces bindings: values, or what {@link eager} and {@link lazy} return, which live as long as what they replace. */
type Overrides<Ready extends object, Later extends object, Scoped extends object, Given> = {
  readonly [Name in keyof Given]: Name extends keyof Scoped
    ? Scoped[Name] | Binding<Deps<Ready, Later & Scoped>, Ready & Later & Scoped, Scoped[Name]>
    : Name extends keyof (Ready & Later)
      ? (Ready & Later)[Name] | Binding<Deps<Ready, Later>, Ready & Later, (Ready & Later)[Name]>
      : never;
};

/**
 * What a container is to bind: inert data, which makes nothing, and which may be exported by a module that every thread
 * imports. Each method returns another blueprint and leaves this one as it is. A factory sees what was bound before it.
 *
 * `Ready` are plain values and eager bindings, `Later` lazy ones, `Scoped` those that each scope makes for itself.
 */
export interface Blueprint<Ready extends object, Later extends object, Scoped extends object>
  extends AnyBlueprint {
  /** A value that is there already. It stays the caller's: the container does not dispose it. */
  value<Name extends string, V>(
    name: Fresh<Name, Ready & Later & Scoped>,
    value: V,
  ): Blueprint<Ready & { readonly [Bind in Name]: V }, Later, Scoped>;
  /** A value that is made with the container, before anybody has it; one after the other, in this order. */
  eager<Name extends string, V>(
    name: Fresh<Name, Ready & Later & Scoped>,
    factory: Make<Deps<Ready, Later>, V>,
    options?: Options<V>,
  ): Blueprint<Ready & Bound<Name, V>, Later, Scoped>;
  eager<Name extends string, Need extends keyof (Ready & Later) & string, V>(
    name: Fresh<Name, Ready & Later & Scoped>,
    needs: readonly Need[],
    factory: Make<Pick<Ready & Later, Need>, V>,
    options?: Options<V>,
  ): Blueprint<Ready & Bound<Name, V>, Later, Scoped>;
  /**
   * A value that is made when it is first asked for. Whoever asks meanwhile shares it, and after a failure the next one to
   * ask has it tried again. With `needs`, these are made first and handed over as values; without, the factory asks by
   * itself, and what is lazy is a promise.
   */
  lazy<Name extends string, V>(
    name: Fresh<Name, Ready & Later & Scoped>,
    factory: Make<Deps<Ready, Later>, V>,
    options?: Options<V>,
  ): Blueprint<Ready, Later & Bound<Name, V>, Scoped>;
  lazy<Name extends string, Need extends keyof (Ready & Later) & string, V>(
    name: Fresh<Name, Ready & Later & Scoped>,
    needs: readonly Need[],
    factory: Make<Pick<Ready & Later, Need>, V>,
    options?: Options<V>,
  ): Blueprint<Ready, Later & Bound<Name, V>, Scoped>;
  /** A value that each scope makes for itself, as lazily, and disposes when it closes. */
  scoped<Name extends string, V>(
    name: Fresh<Name, Ready & Later & Scoped>,
    factory: Make<Deps<Ready, Later & Scoped>, V>,
    options?: Options<V>,
  ): Blueprint<Ready, Later, Scoped & Bound<Name, V>>;
  scoped<Name extends string, Need extends keyof (Ready & Later & Scoped) & string, V>(
    name: Fresh<Name, Ready & Later & Scoped>,
    needs: readonly Need[],
    factory: Make<Pick<Ready & Later & Scoped, Need>, V>,
    options?: Options<V>,
  ): Blueprint<Ready, Later, Scoped & Bound<Name, V>>;
  /**
   * The same with other values or factories under some of its names, as tests need it. Each stays as eager, lazy or scoped
   * as it was.
   *
   * @throws HOLDFAST_ERR_CONTAINER_BINDING_UNKNOWN.
   *
   * @example
   * await createContainer(services.with({ mailer: new FakeMailer() }));
   */
  with<const Given extends Overrides<Ready, Later, Scoped, Given>>(
    overrides: Given,
  ): Blueprint<Ready, Later, Scoped>;
}

/** A blueprint, whatever it binds: bindings on top of those of another. */
export class LiveBlueprint {
  readonly #before: LiveBlueprint | undefined;
  readonly #added: readonly NamedBinding[];
  #plan: Plan | undefined;

  constructor(before: LiveBlueprint | undefined, added: readonly NamedBinding[]) {
    this.#before = before;
    this.#added = added;
  }

  get [blueprintKey](): BlueprintHandle {
    return {
      signature: () =>
        JSON.stringify(
          [...this.plan.bindings.values()].map(({ name, kind, isOverride }) => [name, kind, isOverride]),
        ),
      kinds: () => new Map([...this.plan.bindings].map(([name, { kind }]) => [name, kind])),
      create: async (options?: ContainerOptions) => openContainer(this.plan, options),
    };
  }

  /** All bindings: an override takes the place of what it replaces. */
  get plan(): Plan {
    this.#plan ??= this.#makePlan();
    return this.#plan;
  }

  value(name: string, value: unknown): LiveBlueprint {
    return this.#bind(name, plainValue(value));
  }

  eager(name: string, first: unknown, second?: unknown, third?: unknown): LiveBlueprint {
    return this.#bind(name, new NamedBinding('eager', first, second, third));
  }

  lazy(name: string, first: unknown, second?: unknown, third?: unknown): LiveBlueprint {
    return this.#bind(name, new NamedBinding('lazy', first, second, third));
  }

  scoped(name: string, first: unknown, second?: unknown, third?: unknown): LiveBlueprint {
    return this.#bind(name, new NamedBinding('scoped', first, second, third));
  }

  with(overrides: Readonly<Record<string, unknown>>): LiveBlueprint {
    checkBindings('with', overrides);
    const { bindings } = this.plan;
    const added: NamedBinding[] = [];
    for (const [name, given] of Object.entries(overrides)) {
      const known = bindings.get(name);
      if (known === undefined) throw unknownBinding(name, [...bindings.keys()]);
      added.push(override(given, known));
    }
    return new LiveBlueprint(this, added);
  }

  #bind(name: string, binding: NamedBinding): LiveBlueprint {
    return new LiveBlueprint(this, [bind(binding, name)]);
  }

  #makePlan(): Plan {
    const chain: LiveBlueprint[] = [];
    for (let each: LiveBlueprint | undefined = this; each !== undefined; each = each.#before)
      chain.push(each);
    const plan = new PlanInMaking();
    for (let index = chain.length - 1; index >= 0; index--) {
      for (const binding of (chain[index] as LiveBlueprint).#added) plan.add(binding);
    }
    return plan.finish();
  }
}

function checkBindings(by: string, bindings: unknown): asserts bindings is Readonly<Record<string, unknown>> {
  if (typeof bindings === 'object' && bindings !== null && !Array.isArray(bindings)) return;
  throw invalidOption(`${by} takes an object of bindings by name, got ${describe(bindings)}.`);
}

/** The plan of an object of bindings, without a blueprint of them, which nobody else would use. */
export function planOf(by: string, bindings: unknown): Plan {
  checkBindings(by, bindings);
  const plan = new PlanInMaking();
  for (const name of Object.keys(bindings)) plan.add(bind(bindings[name], name));
  return plan.finish();
}

/** The blueprint of an object of bindings. */
export function blueprintOf(by: string, bindings: unknown): LiveBlueprint {
  checkBindings(by, bindings);
  const added: NamedBinding[] = [];
  for (const name of Object.keys(bindings)) added.push(bind(bindings[name], name));
  return new LiveBlueprint(undefined, added);
}
