import { holdfastError } from '../errors/holdfast-error.ts';

/** Rejects a call while the circuit is open; it may have changed since it refused the call. */
export function circuitOpen(name: string, state: string, waitMs: number): Error {
  const retryAfterMs = Math.max(0, Math.ceil(waitMs));
  const isOpen = state === 'open' || state === 'half-open';
  const why = isOpen
    ? `is ${state}, since calls have failed`
    : `did not let a call through, and is ${state} now`;
  return holdfastError(
    'HOLDFAST_ERR_CIRCUIT_OPEN',
    `The circuit of "${name}" ${why}: ask again in ${retryAfterMs} ms.`,
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
