import { loadRandom } from '../runtime/protocol/event-id.ts';
import { currentEntropy } from './entropy.ts';

type Crypto = typeof import('node:crypto');
type Bytes = Parameters<Crypto['randomFillSync']>[0];

let isInstalled = false;

/**
 * Has this thread's clock and random numbers come from the event under way while a machine is computed, and from the
 * system otherwise: `Date`, `performance`, `Math.random`, and of `crypto`, the global one as `node:crypto`, `randomUUID`,
 * `getRandomValues`, `randomBytes`, `randomInt` and `randomFillSync`. For threads of Holdfast only: those of the
 * application are left as they are.
 */
export function installEntropy(): void {
  if (isInstalled) return;
  isInstalled = true;
  // Ids of events are not drawn from events.
  loadRandom();
  installTime();
  const random = Math.random.bind(Math);
  Math.random = () => {
    const chance = currentEntropy()?.chance();
    return chance === undefined ? random() : fraction(chance);
  };
  installCrypto(process.getBuiltinModule('node:crypto'));
  process.getBuiltinModule('node:module').syncBuiltinESMExports();
}

function installTime(): void {
  const systemNow = Date.now.bind(Date);
  Date.now = () => currentEntropy()?.time() ?? systemNow();
  globalThis.Date = new Proxy(Date, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [Date.now()] : args, newTarget) as object,
    apply: () => new Date().toString(),
  });
  // Libraries make dates like the one that they are given.
  Object.defineProperty(Date.prototype, 'constructor', {
    value: globalThis.Date,
    configurable: true,
    writable: true,
    enumerable: false,
  });
  // The origin of the process is none that a replay shares: in a step it is 1970, as that of the clock.
  const { timeOrigin } = performance;
  const sinceStart = performance.now.bind(performance);
  performance.now = () => currentEntropy()?.time() ?? sinceStart();
  Object.defineProperty(performance, 'timeOrigin', {
    get: () => (currentEntropy()?.time() === undefined ? timeOrigin : 0),
    configurable: true,
    enumerable: true,
  });
}

function installCrypto(crypto: Crypto): void {
  const { randomUUID, randomBytes, randomInt, randomFillSync, webcrypto } = crypto;
  const systemValues = webcrypto.getRandomValues.bind(webcrypto);
  const uuid = ((options?: object) => {
    const chance = currentEntropy()?.chance();
    return chance === undefined ? randomUUID(options) : uuidFrom(chance);
  }) as Crypto['randomUUID'];
  const values = <T extends Bytes>(array: T): T => {
    const chance = currentEntropy()?.chance();
    return chance === undefined ? (systemValues(array as never) as T) : fill(array, chance);
  };
  // With a callback they are no part of a step.
  const bytes = ((size: number, callback?: never) => {
    const chance = callback === undefined ? currentEntropy()?.chance() : undefined;
    return chance === undefined ? randomBytes(size, callback as never) : fill(Buffer.alloc(size), chance);
  }) as Crypto['randomBytes'];
  const int = ((...args: (number | ((error: Error | null, value: number) => void))[]) => {
    const chance = typeof args.at(-1) === 'function' ? undefined : currentEntropy()?.chance();
    if (chance === undefined) return (randomInt as (...given: unknown[]) => unknown)(...args);
    const [min, max] = (args.length > 1 ? args : [0, ...args]) as [number, number];
    return min + Math.floor(fraction(chance) * (max - min));
  }) as Crypto['randomInt'];
  const filled = (<T extends Bytes>(target: T, offset = 0, size?: number): T => {
    const chance = currentEntropy()?.chance();
    if (chance === undefined) return (randomFillSync as (...given: unknown[]) => T)(target, offset, size);
    // A check of its arguments, which counts them in elements of the target.
    const wanted = size ?? lengthOf(target) - offset;
    randomFillSync(target, offset, wanted);
    const bytesEach = bytesEachOf(target);
    fill(bytesOf(target).subarray(offset * bytesEach, (offset + wanted) * bytesEach), chance);
    return target;
  }) as Crypto['randomFillSync'];
  for (const [target, replaced] of [
    // Its `getRandomValues` is that of the other.
    [crypto, { randomUUID: uuid, randomBytes: bytes, randomInt: int, randomFillSync: filled }],
    [webcrypto, { randomUUID: uuid, getRandomValues: values }],
  ] as const) {
    for (const [name, value] of Object.entries(replaced)) {
      Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: true });
    }
  }
}

/** 53 random bits as a number from 0 to 1, as `Math.random` gives them. */
function fraction(chance: () => number): number {
  return ((chance() >>> 5) * 2 ** 26 + (chance() >>> 6)) / 2 ** 53;
}

/** UUID version 4 (RFC 9562). */
function uuidFrom(chance: () => number): `${string}-${string}-${string}-${string}-${string}` {
  const hex = fill(Buffer.alloc(16), chance).toString('hex');
  const variant = '89ab'[Number.parseInt(hex[16] as string, 16) & 3];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

function fill<T extends Bytes>(target: T, chance: () => number): T {
  const bytes = bytesOf(target);
  for (let at = 0; at < bytes.length; at++) bytes[at] = chance();
  return target;
}

function bytesOf(target: Bytes): Uint8Array {
  if (!ArrayBuffer.isView(target)) return new Uint8Array(target);
  return new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
}

function bytesEachOf(target: Bytes): number {
  return (target as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1;
}

function lengthOf(target: Bytes): number {
  return target.byteLength / bytesEachOf(target);
}
