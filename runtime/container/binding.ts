import { holdfastError } from '../errors/holdfast-error.ts';
import { timerMaxMs } from '../ports/monotonic-clock.ts';
import type { BindingKind } from '../protocol/container-blueprint.ts';
import { describe } from '../protocol/names.ts';
import { checkFunction, checkOptions, checkWholeOption, invalidOption } from '../protocol/options.ts';
import type { AnyFactory, BindingOptions, FactoryContext } from './factory-context.ts';

declare const types: unique symbol;

/**
 * How a value comes to be, before it has a name: what {@link eager}, {@link lazy} and {@link scoped} return. `Asked` is
 * what its factory reads of the other bindings by itself, `Needed` what it names as its dependencies.
 */
export interface Binding<Asked, Needed, V, Kind extends BindingKind = BindingKind> {
  /** For the compiler alone: nothing has it while the application runs. */
  readonly [types]: {
    readonly asks: (deps: Asked) => void;
    readonly needs: (deps: Needed) => void;
    readonly value: V;
    readonly kind: Kind;
  };
}

/** Registered, since an application may have two copies of this code. */
const brand: unique symbol = Symbol.for('holdfast.container.binding') as never;

/** A binding as the container has it. */
export class NamedBinding {
  /** `''` until it is bound. */
  declare name: string;
  declare readonly kind: BindingKind;
  /** Dependencies that are made first and handed over; `undefined` if the factory asks by itself. */
  declare readonly needs: readonly string[] | undefined;
  /** Absent for a plain value. */
  declare readonly factory: AnyFactory | undefined;
  declare readonly value: unknown;
  declare readonly dispose: ((value: never) => unknown) | undefined;
  declare readonly initTimeoutMs: number | undefined;
  /** Whether it has replaced another. */
  declare isOverride: boolean;

  /** From what `eager` and the others were called with: perhaps dependencies, a factory, perhaps options. */
  constructor(kind: BindingKind, first: unknown, second: unknown, third: unknown) {
    const isNamed = typeof first !== 'function';
    const factory = isNamed ? second : first;
    const options = (isNamed ? third : second) as BindingOptions<never> | undefined;
    if (isNamed) checkNames(kind, first, factory);
    if (options !== undefined) checkBindingOptions(kind, options);
    this.name = '';
    this.kind = kind;
    this.needs = isNamed ? (first as readonly string[]) : undefined;
    this.factory = factory as AnyFactory;
    this.value = undefined;
    this.dispose = options?.dispose;
    this.initTimeoutMs = options?.initTimeoutMs;
    this.isOverride = false;
  }

  get [brand](): true {
    return true;
  }
}

/** The binding under a name. It takes the first that it is given: to copy each would take longer than all the rest. */
export function bind(given: unknown, name: string): NamedBinding {
  if (typeof name !== 'string' || name === '')
    throw invalidOption(`The name of a binding must be a string that is not empty, got ${describe(name)}.`);
  const binding = given instanceof NamedBinding || isBinding(given) ? given : plainValue(given);
  if (binding.name === '') {
    binding.name = name;
    return binding;
  }
  return binding.name === name ? binding : copyOf(binding, { name });
}

/** What takes the place of a binding, and is as lazy as that was. */
export function override(given: unknown, { name, kind }: NamedBinding): NamedBinding {
  return copyOf(isBinding(given) ? given : plainValue(given), { name, kind, isOverride: true });
}

/** A value that was there before. */
export function plainValue(value: unknown): NamedBinding {
  const binding = new NamedBinding('value', plainFactory, undefined, undefined);
  return Object.assign(binding, { factory: undefined, value });
}

function plainFactory(): undefined {
  return undefined;
}

/** Whether a value is what {@link eager}, {@link lazy} or {@link scoped} returned. */
function isBinding(value: unknown): value is NamedBinding {
  return typeof value === 'object' && value !== null && brand in value;
}

function copyOf(binding: NamedBinding, changes: Partial<NamedBinding>): NamedBinding {
  return Object.assign(plainValue(undefined), binding, changes);
}

function checkBindingOptions(kind: string, options: unknown): void {
  checkOptions(kind, options, ['dispose', 'initTimeoutMs']);
  const { dispose, initTimeoutMs } = options as BindingOptions<unknown>;
  checkWholeOption(kind, 'initTimeoutMs', initTimeoutMs, 1, timerMaxMs);
  checkFunction(kind, 'dispose', dispose);
}

function checkNames(kind: string, names: unknown, factory: unknown): void {
  const made = Array.isArray(names) ? factory : names;
  if (typeof made !== 'function') {
    throw invalidOption(
      `${kind} takes a function that makes the value, got ${describe(made)}. A value that is there already needs no ${kind}.`,
    );
  }
  for (const name of names as readonly unknown[]) {
    if (typeof name !== 'string')
      throw invalidOption(`${kind}: a dependency is the name of a binding, got ${describe(name)}.`);
  }
}

/** The names of dependencies, which have to be all that the factory's parameter has. */
type Names<N extends string, Needed> = readonly N[] &
  (Exclude<keyof Needed, N> extends never ? unknown : never);

/**
 * A value that is made with the container, before anybody has it. Eager bindings are made one after the other.
 *
 * In an object of bindings TypeScript cannot know what is beside it: give the type of the parameter, which is checked
 * against the other bindings, or use the methods of `defineContainer()`, which know it.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID.
 *
 * @example
 * defineContainer({ config: eager(() => loadConfig()) });
 */
export function eager<V, Asked = unknown>(
  factory: (deps: Asked, context: FactoryContext) => V,
  options?: BindingOptions<NoInfer<Awaited<V>>>,
): Binding<Asked, unknown, Awaited<V>, 'eager'>;
export function eager<const N extends string, V, Needed extends { readonly [Name in N]: unknown }>(
  needs: Names<N, Needed>,
  factory: (deps: Needed, context: FactoryContext) => V,
  options?: BindingOptions<NoInfer<Awaited<V>>>,
): Binding<unknown, Needed, Awaited<V>, 'eager'>;
export function eager(first: unknown, second?: unknown, third?: unknown): never {
  return new NamedBinding('eager', first, second, third) as never;
}

/**
 * A value that is made when it is first asked for. Whoever asks meanwhile shares it, and after a failure the next one to
 * ask has it tried again. See {@link eager} for the type of the parameter.
 *
 * A factory that names its dependencies gets them as values, after they have been made. One that does not gets an object
 * to ask: an eager binding or a plain value is there, a lazy one is a promise.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID.
 *
 * @example
 * defineContainer({
 *   config: eager(() => loadConfig()),
 *   embeddings: lazy(async ({ config }: { config: Config }) => Embeddings.load(config.model)),
 *   index: lazy(['embeddings'], ({ embeddings }: { embeddings: Embeddings }) => new Index(embeddings)),
 * });
 */
export function lazy<V, Asked = unknown>(
  factory: (deps: Asked, context: FactoryContext) => V,
  options?: BindingOptions<NoInfer<Awaited<V>>>,
): Binding<Asked, unknown, Awaited<V>, 'lazy'>;
export function lazy<const N extends string, V, Needed extends { readonly [Name in N]: unknown }>(
  needs: Names<N, Needed>,
  factory: (deps: Needed, context: FactoryContext) => V,
  options?: BindingOptions<NoInfer<Awaited<V>>>,
): Binding<unknown, Needed, Awaited<V>, 'lazy'>;
export function lazy(first: unknown, second?: unknown, third?: unknown): never {
  return new NamedBinding('lazy', first, second, third) as never;
}

/**
 * A value that each scope makes for itself when it is first asked for there, and disposes when it closes. Nothing that
 * lives longer than a scope may depend on it. See {@link eager} for the type of the parameter.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID.
 *
 * @example
 * const app = await createContainer({ draft: scoped(() => new Draft()) });
 * await using window = app.scope();
 * await window.get('draft');
 */
export function scoped<V, Asked = unknown>(
  factory: (deps: Asked, context: FactoryContext) => V,
  options?: BindingOptions<NoInfer<Awaited<V>>>,
): Binding<Asked, unknown, Awaited<V>, 'scoped'>;
export function scoped<const N extends string, V, Needed extends { readonly [Name in N]: unknown }>(
  needs: Names<N, Needed>,
  factory: (deps: Needed, context: FactoryContext) => V,
  options?: BindingOptions<NoInfer<Awaited<V>>>,
): Binding<unknown, Needed, Awaited<V>, 'scoped'>;
export function scoped(first: unknown, second?: unknown, third?: unknown): never {
  return new NamedBinding('scoped', first, second, third) as never;
}

/**
 * The factory of a scoped value that has none: whoever opens a scope gives it.
 *
 * @throws HOLDFAST_ERR_CONTAINER_SCOPE when it is asked for in a scope that was opened without it.
 *
 * @example
 * const services = defineContainer().scoped('user', given<User>());
 * const app = await createContainer(services);
 * await using session = app.scope({ user });
 */
export function given<V>(): (deps: unknown, context: FactoryContext) => V {
  return (_deps, { name }) => {
    throw holdfastError(
      'HOLDFAST_ERR_CONTAINER_SCOPE',
      `"${name}" has to be given to the scope: scope({ ${name}: … }).`,
      { path: [name] },
    );
  };
}
