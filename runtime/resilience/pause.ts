/** Waits for so many milliseconds; with none it lets the event loop turn. The signal ends it early. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = ms === 0 ? undefined : setTimeout(end, ms);
    if (ms === 0) setImmediate(end);
    signal?.addEventListener('abort', end, { once: true });
  });
}
