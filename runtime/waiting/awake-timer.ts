/** A timer that is so late was slept through, or the thread was held up for long, in milliseconds. */
const sleptMinMs = 5_000;

/** A thread that is held up again and again must not wait for ever. */
const againMax = 3;

/**
 * Calls back after so many milliseconds in which the process was awake. One that was suspended meanwhile has not looked
 * whether there is an answer, so it waits as long once more: where the clock of the processor counts sleep (macOS,
 * Windows), all timers ring at once as the computer wakes. Returns how to call it off.
 */
export function afterAwake(ms: number, callback: () => void, lateMaxMs = sleptMinMs): () => void {
  let timer: NodeJS.Timeout;
  const begin = (againLeft: number) => {
    const dueAt = performance.now() + ms;
    timer = setTimeout(() => {
      if (againLeft === 0 || performance.now() - dueAt < lateMaxMs) callback();
      else begin(againLeft - 1);
    }, ms);
  };
  begin(againMax);
  return () => clearTimeout(timer);
}
