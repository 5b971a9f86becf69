/** Errors of calls that a queue had taken over. */
const handedOver = new WeakSet<object>();

/** Marks the error of a call that a queue had taken over: the queue has tried it as often as it will be tried. */
export function markHandedOver(error: unknown): void {
  if (typeof error === 'object' && error !== null) handedOver.add(error);
}

/** Whether it is such an error: to retry the call would put it into the queue twice. */
export function isHandedOver(error: unknown): boolean {
  return typeof error === 'object' && error !== null && handedOver.has(error);
}
