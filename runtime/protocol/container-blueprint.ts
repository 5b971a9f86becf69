// What a runtime and its host threads know of a container. They know it by registered symbols, since an application may
// have a copy of this code beside the one in the package, and load none of the container's own: a blueprint brings that.

/** How a binding comes to be: given, made with the container, made when it is first asked for, made once in each scope. */
export type BindingKind = 'value' | 'eager' | 'lazy' | 'scoped';

/** What a blueprint is known by. */
export const blueprintKey: unique symbol = Symbol.for('holdfast.container.blueprint') as never;
const servicesKey: unique symbol = Symbol.for('holdfast.container.services') as never;

/** A container as a host thread keeps it. */
export interface ThreadContainer {
  close(): Promise<void>;
}

/** What a blueprint can do for whoever knows only that it is one. */
export interface BlueprintHandle {
  /** The names and kinds of its bindings, and which were replaced: the same in every thread that defines it. */
  signature(): string;
  kinds(): ReadonlyMap<string, BindingKind>;
  /** Makes a container, whose eager bindings are ready. */
  create(options?: object): Promise<ThreadContainer>;
}

/** What `defineContainer` returns, whatever it binds. */
export interface AnyBlueprint {
  /** For a runtime and its threads. */
  readonly [blueprintKey]: BlueprintHandle;
}

/** What a host thread makes its container with. */
export interface ThreadContainerOptions {
  /** Which blueprint it is. */
  readonly signature: string;
  readonly initTimeoutMs: number | undefined;
  /** How long its thread is waited for when it closes. */
  readonly closeTimeoutMs: number;
}

/** The container of a thread, for whoever may ask it. */
export interface ThreadServices {
  readonly container: ThreadContainer;
  readonly kinds: ReadonlyMap<string, BindingKind>;
  /** Blueprints of which the container is known to have everything. */
  readonly accepted: WeakSet<object>;
}

/** Whether a value is a blueprint. */
export function isBlueprint(value: unknown): value is AnyBlueprint {
  return typeof value === 'object' && value !== null && blueprintKey in value;
}

/** What is known of a blueprint by everybody. */
export function handleOf(blueprint: AnyBlueprint): BlueprintHandle {
  return blueprint[blueprintKey];
}

/** The services that the `self` of running work, or of an action, may ask. */
export function servicesBehind(self: unknown): ThreadServices | undefined {
  if (typeof self !== 'object' || self === null) return undefined;
  return (self as { readonly [servicesKey]?: ThreadServices })[servicesKey];
}

/** Lets a `self` ask the services that `look` returns at that moment. */
export function giveServices(self: object, look: () => ThreadServices | undefined): void {
  Object.defineProperty(self, servicesKey, { get: look });
}
