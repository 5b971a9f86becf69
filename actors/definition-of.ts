import { holdfastError } from '../runtime/errors/holdfast-error.ts';
import type { HostedDefinition } from './hosted-definition.ts';

/**
 * The definition of a kind.
 *
 * @throws HOLDFAST_ERR_DEFINITION_UNKNOWN with the kinds that there are.
 */
export function definitionOf(
  definitions: ReadonlyMap<string, HostedDefinition>,
  kind: string,
): HostedDefinition {
  const hosted = definitions.get(kind);
  if (hosted !== undefined) return hosted;
  const known = [...definitions.keys()].join(', ');
  throw holdfastError(
    'HOLDFAST_ERR_DEFINITION_UNKNOWN',
    `No module given to the runtime exports a definition of "${kind}"; they export ${known || 'none'}. ` +
      'Add the URL of its module to `modules`.',
  );
}
