// A file of its own, since the main thread needs it and nothing else of what decides.
import { type HoldfastError, holdfastError } from '../../runtime/errors/holdfast-error.ts';
import { nearestName } from '../../runtime/errors/nearest-name.ts';

/** The error of a command that a definition does not have. */
export function unknownCommand(kind: string, name: string, known: readonly string[]): HoldfastError {
  const near = nearestName(name, known);
  const hint =
    near === undefined
      ? `It has ${known.length === 0 ? 'none' : known.join(', ')}.`
      : `Did you mean "${near}"?`;
  return holdfastError('HOLDFAST_ERR_COMMAND_UNKNOWN', `"${kind}" has no command "${name}". ${hint}`);
}
