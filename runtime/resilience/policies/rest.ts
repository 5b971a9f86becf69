import type { MonotonicClock } from '../../ports/monotonic-clock.ts';
import { onAbort } from '../../waiting/on-abort.ts';

/** A timer that is so late has been slept through, with all others: they must not go on all at once. */
const sleptMs = 1_000;

/** A thread that is held up again and again must not wait for ever. */
const againMax = 3;

/** What a rest needs to know besides its length. */
interface RestSettings {
  readonly delayMinMs: number;
  readonly delayMaxMs: number;
  readonly clock: MonotonicClock;
  readonly random: () => number;
}

/**
 * Waits. Whoever was due while the computer slept, or the thread hung, waits once more, for a time drawn at random from the
 * whole range, since everybody else woke up in the same moment.
 */
export async function rest(
  delayMs: number,
  signal: AbortSignal,
  { delayMinMs, delayMaxMs, clock, random }: RestSettings,
): Promise<void> {
  let leftMs = delayMs;
  for (let rests = 0; rests <= againMax; rests++) {
    const dueAt = clock.now() + leftMs;
    await pause(leftMs, signal, clock);
    if (clock.now() - dueAt < sleptMs) return;
    leftMs = delayMinMs + random() * (delayMaxMs - delayMinMs);
  }
}

function pause(delayMs: number, signal: AbortSignal, clock: MonotonicClock): Promise<void> {
  return new Promise((resolve, reject) => {
    const callOff = clock.after(delayMs, () => {
      leave();
      resolve();
    });
    const leave = onAbort(signal, () => {
      callOff();
      reject(signal.reason);
    });
  });
}
