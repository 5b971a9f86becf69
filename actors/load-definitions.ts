import { holdfastError } from '../runtime/errors/holdfast-error.ts';
import { isAggregateDefinition } from './define-aggregate.ts';
import { HostedDefinition } from './hosted-definition.ts';
import { messageOf } from './message-of.ts';

/**
 * Imports the modules of an application in this thread and collects the definitions that they export.
 *
 * @throws HOLDFAST_ERR_MODULE_LOAD, HOLDFAST_ERR_DEFINITION_DUPLICATE, HOLDFAST_ERR_MACHINE_UNSUPPORTED.
 */
export async function loadDefinitions(modules: readonly string[]): Promise<Map<string, HostedDefinition>> {
  const hosted = new Map<string, HostedDefinition>();
  for (const module of modules) {
    for (const exported of Object.values(await importModule(module))) {
      if (!isAggregateDefinition(exported)) continue;
      const known = hosted.get(exported.kind);
      if (known?.definition === exported) continue;
      if (known !== undefined) throw duplicate(exported.kind);
      hosted.set(exported.kind, new HostedDefinition(exported));
    }
  }
  return hosted;
}

async function importModule(module: string): Promise<Record<string, unknown>> {
  try {
    return (await import(module)) as Record<string, unknown>;
  } catch (error) {
    throw holdfastError(
      'HOLDFAST_ERR_MODULE_LOAD',
      `The module ${module} could not be imported in a host thread: ${messageOf(error)} Give \`modules\` URLs of modules ` +
        'that only define, such as new URL("./domain.ts", import.meta.url).',
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
