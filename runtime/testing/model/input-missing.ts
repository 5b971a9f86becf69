import { holdfastError } from '../../errors/holdfast-error.ts';
import { messageOf } from '../../errors/message-of.ts';
import type { Model } from './model.ts';

/** Why an actor could not begin; without an input, where a test gives one. */
export function inputMissing(
  { definition }: Model,
  given: { readonly input: unknown } | undefined,
  error: unknown,
): unknown {
  if (given !== undefined || definition.input !== undefined) return error;
  const hint =
    'In a test: as `input` of defineModel, propertyTest, testPaths or replay, or given(steps, { input }).';
  return holdfastError('HOLDFAST_ERR_TRANSITION_FAILED', `${messageOf(error)} ${hint}`, undefined, error);
}
