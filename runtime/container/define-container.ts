import type { Binding } from './binding.ts';
import { type Blueprint, blueprintOf } from './blueprint.ts';

type Kinds = 'value' | 'eager' | 'lazy' | 'scoped';

type ValueOf<B> = B extends Binding<never, never, infer V> ? V : B;
type KindOf<B> = B extends Binding<never, never, unknown, infer Kind> ? Kind : 'value';
type NamesOf<B, Kind extends Kinds> = {
  [Name in keyof B]: KindOf<B[Name]> extends Kind ? Name : never;
}[keyof B];
type Values<B, Kind extends Kinds> = { readonly [Name in NamesOf<B, Kind>]: ValueOf<B[Name]> };

/** What lives long enough for a binding of this kind. */
type LastingFor<B, Kind extends Kinds> = Kind extends 'scoped'
  ? keyof B
  : NamesOf<B, 'value' | 'eager' | 'lazy'>;
/** What a factory in an object of bindings finds when it asks by itself. */
type AskedOf<B, Kind extends Kinds> = {
  readonly [Name in LastingFor<B, Kind>]: KindOf<B[Name]> extends 'lazy' | 'scoped'
    ? Promise<ValueOf<B[Name]>>
    : ValueOf<B[Name]>;
};
type NeededOf<B, Kind extends Kinds> = { readonly [Name in LastingFor<B, Kind>]: ValueOf<B[Name]> };

/** Refuses a factory whose parameter is not what the other bindings are. */
export type Checked<B> = {
  readonly [Name in keyof B]: B[Name] extends Binding<never, never, infer V, infer Kind>
    ? Binding<AskedOf<B, Kind>, NeededOf<B, Kind>, V, Kind>
    : B[Name];
};

/** The blueprint of an object of bindings. */
export type BlueprintOf<B> = Blueprint<Values<B, 'value' | 'eager'>, Values<B, 'lazy'>, Values<B, 'scoped'>>;

/**
 * Says what a container is to bind, and makes nothing. Plain data: safe to import on any thread, and what
 * `createRuntime({ container })` takes.
 *
 * Without an argument it begins an empty blueprint, whose methods know the types of what was bound before. With an object
 * it binds all of it: what `eager`, `lazy` and `scoped` return is made by the container, and anything else is a plain value,
 * a function too, since many services are functions.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID.
 *
 * @example
 * export const services = defineContainer()
 *   .eager('config', () => loadConfig())
 *   .lazy('database', ['config'], ({ config }, { signal }) => Database.open(config.path, { signal }))
 *   .lazy('mailer', ['config', 'database'], ({ config, database }) => new Mailer(config, database));
 */
export function defineContainer(): Blueprint<object, object, object>;
export function defineContainer<B extends object>(bindings: B & Checked<B>): BlueprintOf<B>;
export function defineContainer(bindings: object = {}): unknown {
  return blueprintOf('defineContainer', bindings);
}
