import { expect } from 'vitest';
import type { HoldfastErrorOf } from '../../runtime/errors/holdfast-error.ts';

/** What a property test that has to fail fails with. */
export async function propertyFailure(
  testing: Promise<unknown>,
): Promise<HoldfastErrorOf<'HOLDFAST_ERR_PROPERTY_FAILED'>> {
  const error = await testing.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code: 'HOLDFAST_ERR_PROPERTY_FAILED' });
  return error as HoldfastErrorOf<'HOLDFAST_ERR_PROPERTY_FAILED'>;
}
