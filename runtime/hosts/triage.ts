import type { DeathEvidence } from '../protocol/host-death.ts';
import { limits } from '../protocol/limits.ts';
import type { PendingRequest } from './pending-request.ts';
import { isBroughtAbout } from './verdict.ts';

/** What a host thread leaves behind, each in the order in which it was sent. */
export interface Triage {
  /** The request that killed it. */
  readonly culprit: PendingRequest | undefined;
  /** What its actor was sent before it, and can be sent again. */
  readonly before: readonly PendingRequest[];
  /** What else can be sent again without being carried out twice. */
  readonly resent: readonly PendingRequest[];
  /** What may have been carried out. */
  readonly failed: readonly PendingRequest[];
}

/** What the thread has left in shared memory: see `host-board.ts`. */
export interface LastNotes {
  readonly workingOn: number;
  mayBeDurable(id: number): boolean;
}

/**
 * Sorts the requests that were with a host thread when it died. The culprit is the one that user code ran for. If it
 * ran for none (an error in a callback, say) it is the only one whose append had left, if there is only one and an
 * idempotency key makes trying it again safe; else it cannot be named.
 *
 * A death that is explained by what ran for no request has no culprit among them.
 *
 * What had no append under way is sent again. What had one is sent again only with a key, and only if somebody else is
 * to blame: an unnamed culprit would kill the next thread as well.
 */
export function triage(
  requests: readonly PendingRequest[],
  notes: LastNotes,
  evidence: DeathEvidence,
  isExplained = false,
): Triage {
  const hasCulprit = isBroughtAbout(evidence) && !isExplained;
  for (const pending of requests) {
    if (!isExplained) pending.deaths++;
    pending.mayBeDurable ||= pending.isOnce && notes.mayBeDurable(pending.request.id);
  }
  const culprit = hasCulprit ? culpritAmong(requests, notes) : undefined;
  const isSafe = ({ request, isAwaited, mayBeDurable, deaths }: PendingRequest): boolean => {
    // Who has given up was told that nobody knows, and would not hear of it.
    if (!isAwaited) return false;
    if (!mayBeDurable) return deaths < limits.hostDeathsMax;
    return request.idempotencyKey !== null && (culprit !== undefined || !hasCulprit);
  };
  const before: PendingRequest[] = [];
  const resent: PendingRequest[] = [];
  const failed: PendingRequest[] = [];
  for (const pending of requests) {
    if (pending === culprit) continue;
    if (!isSafe(pending)) failed.push(pending);
    else if (pending.mailbox === culprit?.mailbox && pending.order < culprit.order) before.push(pending);
    else resent.push(pending);
  }
  return { culprit, before, resent, failed };
}

function culpritAmong(requests: readonly PendingRequest[], notes: LastNotes): PendingRequest | undefined {
  const worked = requests.find(({ request }) => request.id === notes.workingOn);
  if (worked !== undefined)
    return worked.mayBeDurable && worked.request.idempotencyKey === null ? undefined : worked;
  const [suspect, ...more] = requests.filter(({ mayBeDurable }) => mayBeDurable);
  const isOnly = suspect !== undefined && more.length === 0;
  return isOnly && suspect.request.idempotencyKey !== null ? suspect : undefined;
}
