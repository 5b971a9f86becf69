/** Why a command became a dead letter. */
export type DeadLetterReason = 'host-died' | 'closed';

/** A command that reached a mailbox and was neither committed nor rejected by its machine. */
export interface NewDeadLetter {
  readonly address: string;
  readonly type: string;
  /** The payload as the codec wrote it. */
  readonly data: string;
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
