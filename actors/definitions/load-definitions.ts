import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import { messageOf } from '../../runtime/errors/message-of.ts';
import { sentence } from '../../runtime/errors/sentence.ts';
import { type AnyAggregateDefinition, isAggregateDefinition } from './define-aggregate.ts';
import type { Definitions } from './definition-of.ts';
import { HostedDefinition } from './hosted-definition.ts';
import { importAdvice } from './import-advice.ts';
import { importCompiled } from './import-compiled.ts';

/**
 * Imports the modules of an application in this thread and collects the definitions that they export. A machine that is
 * refused (HOLDFAST_ERR_MACHINE_UNSUPPORTED) concerns its own kind alone: the reason stands in its place.
 *
 * @throws HOLDFAST_ERR_MODULE_LOAD, HOLDFAST_ERR_DEFINITION_DUPLICATE.
 */
export async function loadDefinitions(modules: readonly string[]): Promise<Definitions> {
  const exports = new Map<string, AnyAggregateDefinition>();
  const hosted = new Map<string, HostedDefinition | Error>();
  for (const module of modules) {
    for (const exported of Object.values(await importModule(module))) {
      if (!isAggregateDefinition(exported)) continue;
      const known = exports.get(exported.kind);
      if (known === exported) continue;
      if (known !== undefined) throw duplicate(exported.kind);
      exports.set(exported.kind, exported);
      hosted.set(exported.kind, hostedOrRefused(exported, hosted));
    }
  }
  return hosted;
}

function hostedOrRefused(definition: AnyAggregateDefinition, others: Definitions): HostedDefinition | Error {
  try {
    return new HostedDefinition(definition, others);
  } catch (error) {
    return error as Error;
  }
}

/**
 * Everything that a module exports.
 *
 * @throws HOLDFAST_ERR_MODULE_LOAD.
 */
export async function importModule(module: string): Promise<Record<string, unknown>> {
  try {
    return await importCompiled(module);
  } catch (error) {
    throw holdfastError(
      'HOLDFAST_ERR_MODULE_LOAD',
      `The module ${module} could not be imported in a host thread: ${sentence(messageOf(error))} ${importAdvice(error)}`,
      undefined,
      error,
    );
  }
}

function duplicate(kind: string): Error {
  return holdfastError(
    'HOLDFAST_ERR_DEFINITION_DUPLICATE',
    `Two definitions have the kind "${kind}". Give each its own, since the kind names the streams.`,
  );
}
