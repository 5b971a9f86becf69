/**
 * Why a host thread ended. `exit`: something called `process.exit`. `threw`: an error that nobody caught.
 * `out-of-memory`: its heap went over `hostMemoryMb`. `external-memory`: its buffers went over `hostExternalMemoryMb`.
 * `unresponsive`: its event loop did not turn. `not-started`: it could not be started. `disconnected`: the store or the
 * reader it needs is gone. `sibling`: it was ended with another host, as the strategy of supervision asks.
 */
export type DeathCause =
  | 'exit'
  | 'threw'
  | 'out-of-memory'
  | 'external-memory'
  | 'unresponsive'
  | 'not-started'
  | 'disconnected'
  | 'sibling';

/** What is known of the end of a host thread: plain data, kept with dead letters. */
export interface DeathEvidence {
  readonly cause: DeathCause;
  /** What happened, in a sentence. */
  readonly message: string;
  /** The stack of the error that ended the thread, if there was one. */
  readonly stack: string | null;
  /** What was measured, each with its unit in its name: `exitCode`, `limitMs`, `limitMb`, `usedMb`. */
  readonly figures: Readonly<Record<string, number>>;
}
