/** Durations and timers that no change of the wall clock disturbs, so that tests can turn them by hand. */
export interface MonotonicClock {
  /** Milliseconds since some moment; never goes back. While the computer sleeps it stands still on Linux, and goes on elsewhere. */
  now(): number;
  /** Calls back once after so many milliseconds. Returns how to call that off. */
  after(delayMs: number, callback: () => void): () => void;
}

/** The longest wait that a timer of Node.js takes, in milliseconds: about 24 days. */
export const timerMaxMs = 2 ** 31 - 1;

/** The clock of the process. Its timers keep the process alive, since somebody awaits what they end. */
export const monotonicClock: MonotonicClock = {
  now: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
