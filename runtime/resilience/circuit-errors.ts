import { holdfastError } from '../errors/holdfast-error.ts';

/** Rejects a call while the circuit is open. */
export function circuitOpen(name: string, state: string, waitMs: number): Error {
  const retryAfterMs = Math.max(0, Math.ceil(waitMs));
  return holdfastError(
    'HOLDFAST_ERR_CIRCUIT_OPEN',
    `The circuit of "${name}" is ${state}, since calls have failed: ask again in ${retryAfterMs} ms.`,
    { retryAfterMs },
  );
}

/** Rejects whatever comes after the end. */
export function circuitClosed(name: string): Error {
  return holdfastError('HOLDFAST_ERR_CLOSED', `The circuit breaker "${name}" is closed with its runtime.`);
}

/** Rejects a call while the circuit is isolated. */
export function circuitIsolated(name: string, reason: string | null): Error {
  const why = reason === null ? '' : `: ${reason}`;
  return holdfastError(
    'HOLDFAST_ERR_CIRCUIT_ISOLATED',
    `The circuit of "${name}" is isolated${why}. It is closed again when everybody who isolated it has released it.`,
  );
}
