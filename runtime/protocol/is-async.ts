/** Whether something is an `async` function: where it would be called for its result, nobody waits for that. */
export function isAsync(given: unknown): boolean {
  return Object.prototype.toString.call(given) === '[object AsyncFunction]';
}

/**
 * Whether a promise was returned where its value is due, which is refused. That it rejects, nobody would hear then, and that
 * ends a thread with all that is on it.
 */
export function isPromise(given: unknown): boolean {
  if (!(given instanceof Promise)) return false;
  given.catch(() => undefined);
  return true;
}

/** The same, or an array with some. */
export function isPromised(given: unknown): boolean {
  return isPromise(given) || (Array.isArray(given) && given.filter(isPromise).length > 0);
}
