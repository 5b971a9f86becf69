import { DeskError } from './desk-error.ts';

/** The signals that ask a program to end, with the exit codes that say so. */
const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/** Aborts on Ctrl-C and the like, so that the program can close what it opened. A second Ctrl-C ends it at once. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (signal: keyof typeof exitCodes) => {
    controller.abort(new DeskError('Stopped. Run it again to go on.', exitCodes[signal]));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  return controller.signal;
}
