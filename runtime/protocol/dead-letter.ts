import { metadataOfDelivery } from './cause.ts';
import type { Delivery } from './delivery.ts';
import type { DeathCause, DeathEvidence } from './host-death.ts';
import type { TimerPlace } from './timer.ts';

/**
 * Why a command became a dead letter. `poison`: it killed its host, and once more alone in quarantine; without a key of its
 * own, it was not carried out. `host-died`: the host died under it. `closed`: the runtime closed before it was answered.
 * `not-accepted`: another actor sent it, and its receiver does not accept it. `undeliverable`: a timer or a message under
 * which hosts died again and again.
 */
export type DeadLetterReason = 'poison' | 'host-died' | 'closed' | 'not-accepted' | 'undeliverable';

/**
 * A command that reached a mailbox and was not answered. With the reasons `not-accepted` and `undeliverable` it was not
 * carried out. With any other it may have been, unless the error of a `poison` one said otherwise: look at its stream,
 * or requeue it if it has an idempotency key, before you do anything about it.
 */
export interface NewDeadLetter {
  readonly address: string;
  readonly operation: 'send' | 'execute';
  /** Type of the event, or name of the command. */
  readonly type: string;
  /** The payload as the codec wrote it. */
  readonly data: string;
  /** The metadata as the codec wrote it. */
  readonly metadata: string | null;
  readonly expectedVersion: number | null;
  /** At which schema version the event of a message is; `null` or absent for what a caller sent, or if it is not known. */
  readonly schemaVersion?: number | null | undefined;
  readonly idempotencyKey: string | null;
  readonly reason: DeadLetterReason;
  /** What is known of the cause, in a sentence. */
  readonly detail: string | null;
  /** How the host thread ended; `null` if it did not. */
  readonly cause: DeathCause | null;
  /** What is known of its end: message, stack, figures of memory and time. */
  readonly evidence: DeathEvidence | null;
}

/**
 * The letter of an event that a timer or another actor brought, and not a caller. It keeps who sent the event and what
 * led to it as its metadata, so that it says so too when it is requeued.
 */
export function undelivered(
  event: Pick<NewDeadLetter, 'address' | 'type' | 'data' | 'reason' | 'detail'>,
  delivery: Pick<Delivery, 'sender' | 'cause'> | null,
  evidence: DeathEvidence | null = null,
): NewDeadLetter {
  const metadata = delivery === null ? null : metadataOfDelivery(delivery);
  const asked = { operation: 'send', metadata, expectedVersion: null, idempotencyKey: null } as const;
  return { ...event, ...asked, cause: evidence?.cause ?? null, evidence };
}

/** A dead letter that can be sent again. */
export interface KeyedDeadLetter extends DeadLetter {
  /** For one of a timer or a message: how it goes to whom that was for. */
  readonly delivery: Delivery | null;
}

/** A {@link NewDeadLetter} as it is kept. */
export interface DeadLetter extends NewDeadLetter {
  readonly deadLetterId: number;
  /** The timer that it is of; `null` if it is of none, or was kept by a version that did not say so. */
  readonly timer: TimerPlace | null;
  /** Milliseconds since 1970. */
  readonly recordedAt: number;
}
