import { type AnyBlueprint, handleOf, isBlueprint } from '../protocol/container-blueprint.ts';
import { type Blueprint, planOf } from './blueprint.ts';
import type { Container } from './container.ts';
import type { BlueprintOf, Checked } from './define-container.ts';
import { type ContainerOptions, openContainer } from './open-container.ts';

/** The container that is made from a blueprint. */
export type ContainerOf<B extends AnyBlueprint> =
  B extends Blueprint<infer Ready, infer Later, infer Scoped> ? Container<Ready, Later, Scoped> : never;

/**
 * Makes a container from what `defineContainer` returned, or from an object of bindings. Eager bindings are ready when it
 * resolves; lazy ones cost nothing until they are asked for. Nothing of it survives the process.
 *
 * @throws HOLDFAST_ERR_CONTAINER_INIT_FAILED when an eager binding fails: what was made before it has been disposed;
 * HOLDFAST_ERR_CONTAINER_BINDING_UNKNOWN, HOLDFAST_ERR_CONTAINER_CYCLE, HOLDFAST_ERR_CONTAINER_SCOPE for dependencies that
 * do not fit together; HOLDFAST_ERR_OPTION_INVALID; the reason of the signal.
 *
 * @example
 * await using app = await createContainer({
 *   config: eager(() => loadConfig()),
 *   embeddings: lazy(async ({ config }: { config: Config }) => Embeddings.load(config.model)),
 * });
 * await app.get('embeddings');
 */
export function createContainer<Ready extends object, Later extends object, Scoped extends object>(
  blueprint: Blueprint<Ready, Later, Scoped>,
  options?: ContainerOptions,
): Promise<Container<Ready, Later, Scoped>>;
export function createContainer<B extends object>(
  bindings: B & Checked<B>,
  options?: ContainerOptions,
): Promise<ContainerOf<BlueprintOf<B>>>;
export async function createContainer(from: object, options?: ContainerOptions): Promise<unknown> {
  if (isBlueprint(from)) return handleOf(from).create(options);
  return openContainer(planOf('createContainer', from), options);
}
