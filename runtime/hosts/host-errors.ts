import { type HoldfastError, holdfastError } from '../errors/holdfast-error.ts';
import type { DeathEvidence } from '../protocol/host-death.ts';
import type { HostRequest } from '../protocol/host-messages.ts';

type Named = Pick<HostRequest, 'address' | 'name' | 'operation'>;

/** What the caller of a request can do: one that only looks has carried out nothing. */
function adviceFor({ operation }: Named): string {
  return operation === 'snapshot' || operation === 'watch'
    ? 'Repeat the call.'
    : 'The command may have been carried out; repeat it with its idempotency key.';
}

/** The error of a command that a host thread died under after its append may have left. */
export function hostDiedUnder(request: Named, evidence: DeathEvidence, cause?: Error): HoldfastError {
  const { address } = request;
  return holdfastError(
    'HOLDFAST_ERR_HOST_DIED',
    `The host thread of ${address} died before it answered "${request.name || request.operation}": ` +
      `${evidence.message}. ${adviceFor(request)}`,
    { address, reason: evidence.message },
    cause,
  );
}

/** The error of a command that comes while its host has escalated. */
export function hostUnavailable(
  { address }: Named,
  host: number,
  retryAfterMs: number,
  lastDeath: DeathEvidence,
): HoldfastError {
  return holdfastError(
    'HOLDFAST_ERR_HOST_UNAVAILABLE',
    `The host of ${address} has died too often and rests for ${Math.ceil(retryAfterMs)} ms, after which the next ` +
      `command tries it again. The last time: ${lastDeath.message}. The command was not carried out.`,
    { address, host, retryAfterMs, lastDeath },
  );
}

/** The error of a command that has killed two threads, the second of them alone. */
export function poisoned(
  request: Named,
  evidence: DeathEvidence,
  mayBeDurable: boolean,
  deadLetterId: number | null,
): HoldfastError {
  const { address } = request;
  return holdfastError(
    'HOLDFAST_ERR_POISON_MESSAGE',
    `"${request.name || request.operation}" killed the host thread of ${address}, and once more alone in quarantine: ` +
      `${evidence.message}. ${mayBeDurable ? 'It may have been carried out.' : 'Nothing was written.'}` +
      (deadLetterId === null ? '' : ` It is dead letter ${deadLetterId}.`),
    { address, evidence, mayBeDurable, deadLetterId },
  );
}

/** The error of a request that was not answered in time. */
export function timedOut({ address, name, operation }: Named): HoldfastError {
  if (operation === 'snapshot') {
    return holdfastError(
      'HOLDFAST_ERR_TIMEOUT',
      `${address} did not show its state in time. Repeat the call.`,
    );
  }
  return holdfastError(
    'HOLDFAST_ERR_TIMEOUT',
    `${address} did not answer "${name}" in time. The command may still be carried out; repeat it with its ` +
      'idempotency key. If nothing answers, look whether a module blocks while imported.',
  );
}

/** The error of a request that was under way when the runtime closed. */
export function closedUnderway(request: Named): HoldfastError {
  return holdfastError(
    'HOLDFAST_ERR_CLOSED',
    `The runtime closed before ${request.address} answered "${request.name || request.operation}". ${adviceFor(request)}`,
  );
}
