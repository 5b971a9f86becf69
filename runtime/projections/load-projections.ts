import { importModule, loadDefinitions } from '../../actors/definitions/load-definitions.ts';
import { holdfastError } from '../errors/holdfast-error.ts';
import { type AnyProjectionDefinition, isProjectionDefinition } from './define-projection.ts';
import { isReactorDefinition, type ReactorDefinition } from './define-reactor.ts';
import { Projector, type ReadGenerationState } from './projector.ts';

/**
 * Imports the modules of an application in this thread and makes the projections and reactors that they export ready to run.
 *
 * @throws HOLDFAST_ERR_MODULE_LOAD, HOLDFAST_ERR_DEFINITION_DUPLICATE.
 */
export async function loadProjections(
  modules: readonly string[],
  readState: ReadGenerationState,
): Promise<Map<string, Projector>> {
  const found = new Map<string, AnyProjectionDefinition | ReactorDefinition>();
  for (const module of modules) {
    for (const exported of Object.values(await importModule(module))) {
      if (!isProjectionDefinition(exported) && !isReactorDefinition(exported)) continue;
      if (found.get(exported.name) === exported) continue;
      if (found.has(exported.name)) throw duplicate(exported.name);
      found.set(exported.name, exported);
    }
  }
  if (found.size === 0) return new Map();
  const definitions = await loadDefinitions(modules);
  return new Map([...found].map(([name, each]) => [name, new Projector(each, definitions, readState)]));
}

function duplicate(name: string): Error {
  return holdfastError(
    'HOLDFAST_ERR_DEFINITION_DUPLICATE',
    `Two projections or reactors have the name "${name}". Give each its own, since the name is what is kept of it.`,
  );
}
