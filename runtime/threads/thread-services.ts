import { importModule } from '../../actors/definitions/load-definitions.ts';
import { holdfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import { containerDisposeFailed } from '../observability/channels.ts';
import {
  type BlueprintHandle,
  handleOf,
  isBlueprint,
  type ThreadContainerOptions,
  type ThreadServices,
} from '../protocol/container-blueprint.ts';

/** Of the time to close: one factory and one `dispose` may never end, and the rest is disposed all the same. */
const shareOfClose = 0.4;

/**
 * Makes the container of this thread from the blueprint among what the modules export, whose eager bindings are ready then.
 *
 * @throws HOLDFAST_ERR_CONTAINER_BLUEPRINT, and what the container cannot be made with.
 */
export async function openServices(
  modules: readonly string[],
  options: ThreadContainerOptions,
): Promise<ThreadServices> {
  const exported = await Promise.all(modules.map((module) => importModule(module)));
  const values = new Set(exported.flatMap((each) => Object.values(each)));
  const blueprints = [...values].filter(isBlueprint).map(handleOf);
  const fitting = blueprints.filter((each) => signatureOf(each) === options.signature);
  const [blueprint] = fitting;
  if (blueprint === undefined || fitting.length > 1) throw notFound(fitting.length, blueprints.length);
  return makeServices(blueprint, options);
}

/** Makes the container of this thread. */
export async function makeServices(
  blueprint: BlueprintHandle,
  { initTimeoutMs, closeTimeoutMs }: ThreadContainerOptions,
): Promise<ThreadServices> {
  const limits = { initTimeoutMs, closeTimeoutMs: Math.floor(closeTimeoutMs * shareOfClose) };
  return { container: await blueprint.create(limits), kinds: blueprint.kinds(), accepted: new WeakSet() };
}

/** Disposes what the container of this thread has made. The thread ends whatever becomes of that. */
export async function closeServices(services: ThreadServices | undefined): Promise<void> {
  try {
    await services?.container.close();
  } catch (error) {
    if (!isHoldfastError(error, 'HOLDFAST_ERR_CONTAINER_DISPOSE_FAILED')) throw error;
    for (const failure of error.failures)
      containerDisposeFailed.publish({ name: failure.path[0], error: failure.error });
  }
}

/** One that does not fit together is not the one that is looked for: that one does. */
function signatureOf(blueprint: BlueprintHandle): string | undefined {
  try {
    return blueprint.signature();
  } catch {
    return undefined;
  }
}

function notFound(fitting: number, others: number): Error {
  const why =
    fitting > 1
      ? `${fitting} blueprints that the modules export bind the same names. Export one of them only.`
      : others > 0
        ? 'The modules export a blueprint, but it binds something else, or has something else replaced. Export the one that is given: ' +
          'of services.with(…) too, from a module that is among `modules`, at the same version of the code.'
        : 'No module exports it. Export it from one of `modules`, as `export const services = defineContainer()…`.';
  return holdfastError(
    'HOLDFAST_ERR_CONTAINER_BLUEPRINT',
    `A host thread cannot find the blueprint that was given as \`container\`. ${why}`,
  );
}
