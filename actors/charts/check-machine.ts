import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import type { AnyStateMachine } from '../xstate-adapter.ts';
import { lintMachine } from './lint-machine.ts';

/**
 * Refuses a machine that could not be hosted without losing something. What can only be seen while running (an actor
 * that is spawned in place within an `assign`) is refused when it happens.
 *
 * @throws HOLDFAST_ERR_MACHINE_UNSUPPORTED with `problems`, one sentence each.
 */
export function checkMachine(kind: string, machine: AnyStateMachine): void {
  const problems = lintMachine(machine)
    .filter(({ severity }) => severity === 'error')
    .map(({ message }) => message);
  if (problems.length === 0) return;
  throw holdfastError(
    'HOLDFAST_ERR_MACHINE_UNSUPPORTED',
    `The machine of "${kind}" cannot be hosted: ${problems.join(' ')}`,
    { kind, problems },
  );
}
