import type { HoldfastErrorCode } from 'holdfast';
import { expect } from 'vitest';

/** Matches an error of a code, with these details. */
export function codedError(
  code: HoldfastErrorCode,
  details: Readonly<Record<string, unknown>> = {},
): unknown {
  return expect.objectContaining({ code, ...details });
}
