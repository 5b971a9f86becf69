/** Whether something is an `async` function: where it would be called for its result, nobody waits for that. */
export function isAsync(given: unknown): boolean {
  return Object.prototype.toString.call(given) === '[object AsyncFunction]';
}

/**
 * Whether a promise was returned where its value is due, or an array with one, which is refused. That it rejects, nobody would hear
 * then, and that ends a thread with all that is on it.
 */
export function isPromised(given: unknown): boolean {
  const promises = [given].flat().filter((each) => each instanceof Promise);
  for (const promise of promises) promise.catch(() => undefined);
  return promises.length > 0;
}
