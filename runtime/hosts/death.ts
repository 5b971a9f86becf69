import type { DeathEvidence } from '../protocol/host-death.ts';
import type { HostThreadClient } from './host-thread-client.ts';
import { overBudget } from './verdict.ts';

/** What is known of a thread that has ended. */
function deathOf(client: HostThreadClient, startError: Error | undefined): DeathEvidence {
  if (client.verdict !== undefined) {
    const { verdict, thread } = client;
    const besides = thread.isLeftBehind ? '; it could not be ended' : '';
    return { ...verdict, message: verdict.message + besides, stack: null };
  }
  if (startError !== undefined) return notStarted(startError);
  const { failure, exitCode = 1 } = client.thread;
  const { usedMb } = client.board;
  if (usedMb > 0) return { ...overBudget(usedMb, client.externalMemoryMb), stack: null };
  if (failure === undefined) {
    return {
      cause: 'exit',
      message: `it ended with exit code ${exitCode}`,
      stack: null,
      figures: { exitCode },
    };
  }
  const isMemory = (failure as { code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY';
  return {
    cause: isMemory ? 'out-of-memory' : 'threw',
    message: isMemory ? failure.message : `an error was not caught: ${failure.message}`,
    stack: failure.stack ?? null,
    figures: isMemory ? { limitMb: client.memoryMb } : {},
  };
}

/** The evidence of a thread that could not be started. */
export function notStarted(error: Error): DeathEvidence {
  return { cause: 'not-started', message: error.message, stack: error.stack ?? null, figures: {} };
}

/** The end of a host thread, once nothing of it runs any more. */
export interface Death {
  readonly evidence: DeathEvidence;
  /** What the thread could not be started with, if it never served. */
  readonly startError: Error | undefined;
  /** The error of its end, for causes of other errors. */
  readonly reason: Error;
}

/** Follows a thread from its start to its end. */
export async function untilDeath(client: HostThreadClient, onStarted: () => void): Promise<Death> {
  let failure: Error | undefined;
  const started = client.thread.started().then(
    () => {
      client.watchdog.arm();
      onStarted();
    },
    (error: Error) => {
      failure = error;
      client.giveUp();
    },
  );
  const [reason] = await Promise.all([client.thread.ended, started]);
  client.takeLastAnswers();
  // A thread that was ended from here did not fail to start.
  const startError = client.verdict === undefined ? failure : undefined;
  return { evidence: deathOf(client, startError), startError, reason };
}
