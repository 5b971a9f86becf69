/**
 * What arrives at the other side of a simulated port: a structured clone, but for what real threads share or hand over,
 * which is memory and ports.
 */
export function cloneMessage(value: unknown, isHandedOver: (value: object) => boolean): unknown {
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'function' || typeof value === 'symbol' ? structuredClone(value) : value;
  }
  if (isHandedOver(value) || isShared(value)) return value;
  if (Array.isArray(value)) return value.map((item) => cloneMessage(item, isHandedOver));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return structuredClone(value);
  const entries = Object.entries(value).map(([name, item]) => [name, cloneMessage(item, isHandedOver)]);
  return Object.fromEntries(entries) as unknown;
}

function isShared(value: object): boolean {
  const memory = ArrayBuffer.isView(value) ? value.buffer : value;
  return memory instanceof SharedArrayBuffer;
}
