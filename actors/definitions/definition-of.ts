import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import type { HostedDefinition } from './hosted-definition.ts';

/** The definitions of an application by their kinds; for one whose machine was refused, the reason. */
export type Definitions = ReadonlyMap<string, HostedDefinition | Error>;

/**
 * The definition of a kind.
 *
 * @throws HOLDFAST_ERR_DEFINITION_UNKNOWN with the kinds that there are; HOLDFAST_ERR_MACHINE_UNSUPPORTED.
 */
export function definitionOf(definitions: Definitions, kind: string): HostedDefinition {
  const hosted = definitions.get(kind);
  if (hosted instanceof Error) throw hosted;
  if (hosted !== undefined) return hosted;
  const known = [...definitions.keys()].join(', ');
  throw holdfastError(
    'HOLDFAST_ERR_DEFINITION_UNKNOWN',
    `No module given to the runtime exports a definition of "${kind}"; they export ${known || 'none'}. ` +
      'Add the URL of its module to `modules`, and export the definition itself from there.',
  );
}
