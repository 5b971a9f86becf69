import fc from 'fast-check';

/** Numbers from 0 to 1 that are easily read. */
export const shares: fc.Arbitrary<number> = fc.nat(100).map(
  (hundredths) => hundredths / 100,
  (share) => Math.round((share as number) * 100),
);
