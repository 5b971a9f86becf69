import { holdfastError } from './holdfast-error.ts';

/** Asserts what must always hold inside Holdfast; a failure is a defect of ours and is never swallowed. */
export function invariant(condition: unknown, why: string): asserts condition {
  if (condition) return;
  throw holdfastError(
    'HOLDFAST_ERR_INVARIANT',
    `Holdfast found its own state inconsistent: ${why}. This is a defect in Holdfast; please report it with this stack.`,
  );
}
