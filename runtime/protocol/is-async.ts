/** Whether something is an `async` function: where it would be called for its result, nobody waits for that. */
export function isAsync(given: unknown): boolean {
  return Object.prototype.toString.call(given) === '[object AsyncFunction]';
}
