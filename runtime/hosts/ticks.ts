/** A tick that is so late was slept through, or this thread was held up, in milliseconds. */
const lateMinMs = 5_000;

/**
 * Calls back every so many milliseconds, and says how long the computer or this thread has slept over the tick: nobody
 * could answer then, nor could an answer be heard. 0 nearly always.
 */
export function startTicks(everyMs: number, onTick: (sleptMs: number) => void): NodeJS.Timeout {
  let dueAt = performance.now() + everyMs;
  return setInterval(() => {
    const lateMs = performance.now() - dueAt;
    dueAt += lateMs + everyMs;
    onTick(lateMs > lateMinMs ? lateMs : 0);
  }, everyMs);
}
