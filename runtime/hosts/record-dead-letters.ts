import { deadLettered } from '../observability/channels.ts';
import type { ExpectedVersion } from '../protocol/append.ts';
import { type DeadLetterReason, type NewDeadLetter, undelivered } from '../protocol/dead-letter.ts';
import type { DeathEvidence } from '../protocol/host-death.ts';
import type { SqliteEventStoreBackend } from '../store/sqlite-backend.ts';
import type { PendingRequest } from './pending-request.ts';
import type { Finding } from './suspects.ts';

const consequenceOf: Partial<Record<Finding['step'], string>> = {
  convicted: 'What it had invoked fails instead of being run again.',
  'given-up': 'Nothing that it invokes is run any more until the runtime is started again.',
};

/**
 * Keeps the commands among requests as dead letters. Returns their ids by request; none if the disk does not take
 * them: the callers are told in any case, and a full disk must not keep them waiting.
 */
export async function recordDeadLetters(
  backend: SqliteEventStoreBackend,
  requests: readonly PendingRequest[],
  reason: DeadLetterReason,
  evidence: DeathEvidence | null,
): Promise<ReadonlyMap<PendingRequest, number>> {
  const commands = requests.filter(({ isCommand }) => isCommand);
  if (commands.length === 0) return new Map();
  const letters = commands.map(({ request }): NewDeadLetter => {
    const { address, name: type, payload: data, metadata, idempotencyKey } = request;
    const operation = request.operation as NewDeadLetter['operation'];
    const expectedVersion = asNumber(request.expectedVersion);
    const content = { address, operation, type, data, metadata, expectedVersion, idempotencyKey };
    return {
      ...content,
      reason,
      detail: evidence?.message ?? null,
      cause: evidence?.cause ?? null,
      evidence,
    };
  });
  for (const { address, type } of letters) deadLettered.publish({ address, type, reason });
  try {
    const ids = await backend.store().thread.control.call('recordDeadLetters', [letters]);
    return new Map(commands.map((command, index) => [command, ids[index] as number]));
  } catch {
    return new Map();
  }
}

/** As it is kept. A stream that was to exist does: it was there before its actor could die of the command, and stays. */
function asNumber(expected: ExpectedVersion | null): number | null {
  if (expected === 'no-stream') return 0;
  return typeof expected === 'number' ? expected : null;
}

/** Keeps a dead letter of an actor whose work will not be run as it asks, because host threads have died of it. */
export async function recordPoisonousWork(
  backend: SqliteEventStoreBackend,
  { address, step }: Finding,
  evidence: DeathEvidence,
): Promise<void> {
  const becomes = consequenceOf[step];
  if (becomes === undefined) return;
  const [type, reason] = ['holdfast.work', 'poison'] as const;
  const detail = `Its code ran when its host died, more than once: ${evidence.message}. ${becomes}`;
  deadLettered.publish({ address, type, reason });
  try {
    const letter = undelivered({ address, type, data: 'null', reason, detail }, null, evidence);
    await backend.store().thread.control.call('recordDeadLetters', [[letter]]);
  } catch {
    // A full disk: the event on the channel has to do.
  }
}
