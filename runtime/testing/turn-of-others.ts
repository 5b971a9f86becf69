import { systemImmediate } from './simulation/system-immediate.ts';

/** A turn of the event loop for everybody else, such as a signal, which comes as an event. Fake timers do not stop it. */
export function turnOfOthers(): Promise<void> {
  return new Promise((resolve) => systemImmediate(() => resolve()));
}
