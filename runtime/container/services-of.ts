import { holdfastError } from '../errors/holdfast-error.ts';
import {
  handleOf,
  isBlueprint,
  servicesBehind,
  type ThreadServices,
} from '../protocol/container-blueprint.ts';
import { invalidOption } from '../protocol/options.ts';
import type { Blueprint } from './blueprint.ts';
import type { Services } from './container.ts';

/**
 * The services of the host thread, for invoked work and for actions: takes the `self` that `fromPromise`, `fromCallback`,
 * `fromObservable` and actions hand to their functions, and the blueprint that was given to `createRuntime({ container })`,
 * or one that it was made from. Each thread has a container of its own; a lazy service is made when it is first asked for
 * there.
 *
 * Guards, assigns and what else a machine decides with have no services: a replay has to come to the same.
 *
 * @throws HOLDFAST_ERR_ARGUMENT_INVALID for a `self` that is not of running work or an action of such a runtime;
 * HOLDFAST_ERR_CONTAINER_BLUEPRINT when its container binds something else; HOLDFAST_ERR_OPTION_INVALID.
 *
 * @example
 * fromPromise(async ({ input, self, signal }) => {
 *   const mailer = await servicesOf(self, services).get('mailer', { signal });
 *   return mailer.send(input, { idempotencyKey: idempotencyKeyOf(self), signal });
 * });
 */
export function servicesOf<Ready extends object, Later extends object, Scoped extends object>(
  self: object,
  blueprint: Blueprint<Ready, Later, Scoped>,
): Services<Ready, Later, Scoped> {
  if (!isBlueprint(blueprint))
    throw invalidOption('servicesOf takes a `self`, and what defineContainer returned.');
  const services = servicesBehind(self);
  if (services === undefined) {
    throw holdfastError(
      'HOLDFAST_ERR_ARGUMENT_INVALID',
      'servicesOf takes the `self` of invoked work or of an action, run by a runtime that was created with `container`. Guards, ' +
        'assigns and other parts of a step have no services, since a replay has to come to the same.',
    );
  }
  if (!services.accepted.has(blueprint)) accept(services, blueprint);
  return services.container as unknown as Services<Ready, Later, Scoped>;
}

/** Whether the container has all that the blueprint binds is looked at once. */
function accept({ kinds, accepted }: ThreadServices, blueprint: Blueprint<object, object, object>): void {
  for (const [name, kind] of handleOf(blueprint).kinds()) {
    if (kinds.get(name) === kind) continue;
    throw holdfastError(
      'HOLDFAST_ERR_CONTAINER_BLUEPRINT',
      `The container of the runtime was made from another blueprint: it has no "${name}" that is ${kind}. Ask by the one that ` +
        'was given as `container`.',
    );
  }
  accepted.add(blueprint);
}
