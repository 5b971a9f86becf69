import { eventChance, eventTime } from './entropy.ts';

type Crypto = typeof import('node:crypto');
type Bytes = Parameters<Crypto['randomFillSync']>[0];

let isInstalled = false;

/**
 * Has this thread's clock and random numbers come from the event under way while a machine is computed, and from the
 * system otherwise: `Date`, `performance.now`, `Math.random`, and the synchronous functions of `crypto`, of the global
 * one as of `node:crypto`. What a library drew before and keeps in a pool of its own is not seen. For threads of
 * Holdfast only: those of the application are left as they are.
 */
export function installEntropy(): void {
  if (isInstalled) return;
  isInstalled = true;
  installTime();
  const random = Math.random.bind(Math);
  Math.random = () => {
    const chance = eventChance();
    return chance === undefined ? random() : fraction(chance);
  };
  installCrypto(process.getBuiltinModule('node:crypto'));
  process.getBuiltinModule('node:module').syncBuiltinESMExports();
}

function installTime(): void {
  const systemNow = Date.now.bind(Date);
  Date.now = () => eventTime() ?? systemNow();
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
  const sinceStart = performance.now.bind(performance);
  // Not since the start of the process, which a replay does not share.
  performance.now = () => eventTime() ?? sinceStart();
}

function installCrypto(crypto: Crypto): void {
  const { randomUUID, randomBytes, randomInt, webcrypto } = crypto;
  const systemValues = webcrypto.getRandomValues.bind(webcrypto);
  const uuid = ((options?: object) => {
    const chance = eventChance();
    return chance === undefined ? randomUUID(options) : uuidFrom(chance);
  }) as Crypto['randomUUID'];
  const values = <T extends Bytes>(array: T): T => {
    const chance = eventChance();
    return chance === undefined ? (systemValues(array as never) as T) : fill(array, chance);
  };
  // With a callback they are no part of a step.
  const bytes = ((size: number, callback?: never) => {
    const chance = callback === undefined ? eventChance() : undefined;
    return chance === undefined ? randomBytes(size, callback as never) : fill(Buffer.alloc(size), chance);
  }) as Crypto['randomBytes'];
  const int = ((...args: (number | ((error: Error | null, value: number) => void))[]) => {
    const chance = typeof args.at(-1) === 'function' ? undefined : eventChance();
    if (chance === undefined) return (randomInt as (...given: unknown[]) => unknown)(...args);
    const [min, max] = (args.length > 1 ? args : [0, ...args]) as [number, number];
    return min + Math.floor(fraction(chance) * (max - min));
  }) as Crypto['randomInt'];
  for (const [target, replaced] of [
    // Its `getRandomValues` is that of the other.
    [crypto, { randomUUID: uuid, randomBytes: bytes, randomInt: int }],
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
  const { buffer, byteOffset, byteLength } = target as ArrayBufferView;
  const view = new Uint8Array(buffer, byteOffset, byteLength);
  for (let at = 0; at < view.length; at++) view[at] = chance();
  return target;
}
