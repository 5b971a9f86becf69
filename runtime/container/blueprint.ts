import { type AnyBlueprint, type BlueprintHandle, markBlueprint } from '../protocol/container-blueprint.ts';
import { checkName, describe } from '../protocol/names.ts';
import { invalidOption } from '../protocol/options.ts';
import { type Binding, isBinding, type NamedBinding, UnnamedBinding } from './binding.ts';
import type { LiveContainer } from './container.ts';
import { unknownBinding } from './container-errors.ts';
import type { BindingOptions, FactoryContext } from './factory-context.ts';
import { type ContainerOptions, openContainer } from './open-container.ts';
import { makePlan, type Plan } from './plan.ts';

/** What a factory asks that names no dependencies: what is there is a value, what is made later a promise. */
export type Deps<Ready extends object, Later extends object> = Ready & {
  readonly [Name in keyof Later]: Promise<Later[Name]>;
};

/** A name that is not taken. */
type Fresh<Name extends string, Known> = Name extends keyof Known ? never : Name;
type Bound<Name extends string, V> = { readonly [Bind in Name]: Awaited<V> };
type Make<D, V> = (deps: D, context: FactoryContext) => V;
type Options<V> = BindingOptions<NoInfer<Awaited<V>>>;

/** What replaces bindings: values, or what {@link eager} and {@link lazy} return. */
type Overrides<All extends object, Asked, Given> = {
  readonly [Name in keyof Given]: Name extends keyof All ? All[Name] | Binding<Asked, All, All[Name]> : never;
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
  with<const Given extends Overrides<Ready & Later & Scoped, Deps<Ready, Later & Scoped>, Given>>(
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
    const handle: BlueprintHandle = {
      signature: () =>
        JSON.stringify(
          [...this.plan.bindings.values()].map(({ name, kind, isOverride }) => [name, kind, isOverride]),
        ),
      kinds: () => new Map([...this.plan.bindings].map(([name, { kind }]) => [name, kind])),
      create: (options?: ContainerOptions): Promise<LiveContainer> => this.#create(options),
    };
    markBlueprint(this, handle);
  }

  get plan(): Plan {
    this.#plan ??= makePlan(this.#bindings());
    return this.#plan;
  }

  value(name: string, value: unknown): LiveBlueprint {
    return this.#bind(name, plainValue(value));
  }

  eager(name: string, ...args: readonly unknown[]): LiveBlueprint {
    return this.#bind(name, new UnnamedBinding('eager', args).made);
  }

  lazy(name: string, ...args: readonly unknown[]): LiveBlueprint {
    return this.#bind(name, new UnnamedBinding('lazy', args).made);
  }

  scoped(name: string, ...args: readonly unknown[]): LiveBlueprint {
    return this.#bind(name, new UnnamedBinding('scoped', args).made);
  }

  with(overrides: Readonly<Record<string, unknown>>): LiveBlueprint {
    checkBindings('with', overrides);
    const { bindings } = this.plan;
    const added = Object.entries(overrides).map(([name, override]): NamedBinding => {
      const known = bindings.get(name);
      if (known === undefined) throw unknownBinding(name, [...bindings.keys()]);
      return { ...bindingOf(override), name, kind: known.kind, isOverride: true };
    });
    return new LiveBlueprint(this, added);
  }

  async #create(options: ContainerOptions | undefined): Promise<LiveContainer> {
    return openContainer(this.plan, options);
  }

  #bind(name: string, made: UnnamedBinding['made']): LiveBlueprint {
    checkName('The name of a binding', name);
    return new LiveBlueprint(this, [{ ...made, name, isOverride: false }]);
  }

  /** All bindings: an override takes the place of what it replaces. */
  #bindings(): Map<string, NamedBinding> {
    const chain: LiveBlueprint[] = [];
    for (let each: LiveBlueprint | undefined = this; each !== undefined; each = each.#before)
      chain.push(each);
    const bindings = new Map<string, NamedBinding>();
    for (const { added } of chain.reverse().map((each) => ({ added: each.#added }))) {
      for (const binding of added) {
        if (!binding.isOverride && bindings.has(binding.name))
          throw invalidOption(
            `Two bindings are called "${binding.name}". Replace one with \`with\`, or give it another name.`,
          );
        bindings.set(binding.name, binding);
      }
    }
    return bindings;
  }
}

/** What a value of an object of bindings is: what a function such as `lazy` returned, or a plain value. */
function bindingOf(given: unknown): UnnamedBinding['made'] {
  return isBinding(given) ? given.made : plainValue(given);
}

function plainValue(value: unknown): UnnamedBinding['made'] {
  return {
    kind: 'value',
    needs: undefined,
    factory: undefined,
    value,
    dispose: undefined,
    initTimeoutMs: undefined,
  };
}

function checkBindings(by: string, bindings: unknown): asserts bindings is Readonly<Record<string, unknown>> {
  if (typeof bindings === 'object' && bindings !== null && !Array.isArray(bindings)) return;
  throw invalidOption(`${by} takes an object of bindings by name, got ${describe(bindings)}.`);
}

/** The blueprint of an object of bindings. */
export function blueprintOf(by: string, bindings: unknown): LiveBlueprint {
  checkBindings(by, bindings);
  const added = Object.entries(bindings).map(([name, given]): NamedBinding => {
    checkName('The name of a binding', name);
    return { ...bindingOf(given), name, isOverride: false };
  });
  return new LiveBlueprint(undefined, added);
}
