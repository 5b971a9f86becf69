// The only importer of fast-check, an optional peer: it is loaded when a test draws values, and not before.
import type { Arbitrary as FastCheckArbitrary, Random } from 'fast-check';
import { holdfastError } from '../../errors/holdfast-error.ts';

/** The module of fast-check. */
export type FastCheck = typeof import('fast-check');
export type { FastCheckArbitrary, Random };

let loaded: FastCheck | undefined;

/**
 * Loads fast-check.
 *
 * @throws HOLDFAST_ERR_PEER_MISSING if it is not installed.
 */
export async function loadFastCheck(): Promise<FastCheck> {
  if (loaded !== undefined) return loaded;
  try {
    loaded = await import('fast-check');
    return loaded;
  } catch (error) {
    throw holdfastError(
      'HOLDFAST_ERR_PEER_MISSING',
      'Property tests draw their values with fast-check, which could not be loaded. Install it: npm install --save-dev fast-check',
      { peer: 'fast-check' },
      error,
    );
  }
}

/** A generator of fast-check that a seed begins. The same seed gives the same numbers, on every machine. */
export function randomOf(fc: FastCheck, seed: number): Random {
  let random: Random | undefined;
  class Captured extends fc.Arbitrary<undefined> {
    override generate(given: Random) {
      random = given.clone();
      return new fc.Value<undefined>(undefined, undefined);
    }
    override canShrinkWithoutContext(value: unknown): value is undefined {
      return value === undefined;
    }
    override shrink() {
      return fc.Stream.nil<ReturnType<Captured['generate']>>();
    }
  }
  fc.sample(new Captured(), { seed, numRuns: 1 });
  return random as unknown as Random;
}
