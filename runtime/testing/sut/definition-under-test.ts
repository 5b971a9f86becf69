import {
  type AnyAggregateDefinition,
  isAggregateDefinition,
} from '../../../actors/definitions/define-aggregate.ts';
import { importModule } from '../../../actors/definitions/load-definitions.ts';
import { type AnyBlueprint, handleOf, isBlueprint } from '../../protocol/container-blueprint.ts';
import { invalidOption } from '../../protocol/options.ts';
import { programUnderTest } from '../sut-program.ts';
import { standInForWork } from './stand-in-work.ts';
import { workOfThread } from './work-registry.ts';

/**
 * A module that exports nothing but the definition of a kind, of those that others export, and a blueprint of theirs by its
 * signature, if there is one.
 */
export function moduleUnderTest(
  modules: readonly string[],
  kind: string,
  signature: string | undefined,
): string {
  const source = [
    ...modules.map((module, index) => `import * as module${index} from ${JSON.stringify(module)};`),
    `import { blueprintAmong, definitionAmong } from ${JSON.stringify(programUnderTest.module.href)};`,
    `const modules = [${modules.map((_, index) => `module${index}`).join()}];`,
    `export const definition = definitionAmong(modules, ${JSON.stringify(kind)});`,
    ...(signature === undefined
      ? []
      : [`export const container = blueprintAmong(modules, ${JSON.stringify(signature)});`]),
  ].join('\n');
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

/**
 * The blueprint with a signature.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID if no module exports it; HOLDFAST_ERR_MODULE_LOAD.
 */
export async function loadBlueprintUnderTest(
  modules: readonly string[],
  signature: string,
): Promise<AnyBlueprint> {
  return blueprintAmong(await Promise.all(modules.map((module) => importModule(module))), signature);
}

/** The same, of modules that are loaded. */
export function blueprintAmong(
  modules: readonly Readonly<Record<string, unknown>>[],
  signature: string,
): AnyBlueprint {
  const blueprints = modules.flatMap((each) => Object.values(each).filter(isBlueprint));
  const blueprint = blueprints.find((each) => handleOf(each).signature() === signature);
  if (blueprint !== undefined) return blueprint;
  throw invalidOption(
    'runtimeSut: no module exports the blueprint that was given as "container". Export it from one of "modules"; one that ' +
      'services.with(…) has made as well.',
  );
}

/**
 * The definition of a kind, with stand-ins for the work of its machine.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID if no module exports it; HOLDFAST_ERR_MODULE_LOAD.
 */
export async function loadDefinitionUnderTest(
  modules: readonly string[],
  kind: string,
): Promise<AnyAggregateDefinition> {
  return definitionAmong(await Promise.all(modules.map((module) => importModule(module))), kind);
}

/** The same, of modules that are loaded. */
export function definitionAmong(
  modules: readonly Readonly<Record<string, unknown>>[],
  kind: string,
): AnyAggregateDefinition {
  const definitions = modules.flatMap((each) => Object.values(each).filter(isAggregateDefinition));
  const definition = definitions.find((each) => each.kind === kind);
  if (definition === undefined) {
    const kinds = definitions.map((each) => `"${each.kind}"`).join(', ') || 'none';
    throw invalidOption(
      `runtimeSut: no module exports an aggregate of the kind "${kind}", which the model is of; they export ${kinds}. ` +
        'Make the model of a definition, or give the machine the id that the definition has for a kind.',
    );
  }
  standInForWork(definition.machine, workOfThread);
  return definition;
}

/**
 * Refuses faults that the definition cannot be compared under.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID.
 */
export function checkFaults(
  { kind, timers, actors }: AnyAggregateDefinition,
  faults: readonly string[],
): void {
  const failing = Object.keys(actors).filter((src) => actors[src]?.onRestart === 'fail');
  const ending = faults.filter((fault) => fault === 'host-crash' || fault === 'process-kill');
  if (failing.length > 0 && ending.length > 0) {
    throw invalidOption(
      `runtimeSut: "${failing[0]}" of "${kind}" fails when it is interrupted (onRestart: 'fail'), which is no step of a ` +
        `model. Leave ${ending.join(' and ')} out of "faults".`,
    );
  }
  const moving = faults.filter((fault) => fault === 'clock-jump' || fault === 'process-kill');
  if (timers === 'deadline' || moving.length === 0) return;
  throw invalidOption(
    `runtimeSut: the timers of "${kind}" are "${timers}", and a model knows the policy "deadline" only, by which a jump ` +
      `of the clock and the time without a process count. Leave ${moving.join(' and ')} out of "faults".`,
  );
}
