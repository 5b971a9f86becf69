/** Why a command became a dead letter. */
export type DeadLetterReason = 'host-died' | 'closed' | 'not-accepted' | 'undeliverable';

/**
 * A command that reached a mailbox and was not answered. It may have been carried out: look at its stream, or repeat it
 * with its idempotency key, before you do anything about it.
 */
export interface NewDeadLetter {
  readonly address: string;
  readonly operation: 'send' | 'execute';
  /** Type of the event, or name of the command. */
  readonly type: string;
  /** The payload as the codec wrote it. */
  readonly data: string;
  readonly idempotencyKey: string | null;
  readonly reason: DeadLetterReason;
  /** What is known of the cause. */
  readonly detail: string | null;
}

/** A {@link NewDeadLetter} as it is kept. */
export interface DeadLetter extends NewDeadLetter {
  readonly deadLetterId: number;
  /** Milliseconds since 1970. */
  readonly recordedAt: number;
}
