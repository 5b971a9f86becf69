/** Waits for so many milliseconds; with none it lets the event loop turn. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => (ms === 0 ? setImmediate(resolve) : setTimeout(resolve, ms)));
}
