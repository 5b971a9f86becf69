import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import { loadRandom } from '../../runtime/protocol/event-id.ts';
import { currentEntropy } from './entropy.ts';

type Crypto = typeof import('node:crypto');
type Bytes = Parameters<Crypto['randomFillSync']>[0];

/** Where time and chance come from beside events: in a simulation. */
export interface Background {
  /** Milliseconds since 1970. */
  time(): number;
  /** Milliseconds since some moment. */
  monotonic(): number;
  /** 32 random bits with each call. */
  chance(): () => number;
}

let isInstalled = false;
let backgroundNow: () => Background | undefined = () => undefined;
/** How to take back what was replaced, for those who may. */
let undo: (() => void)[] = [];

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
  replace(Math, 'random', () => {
    const chance = drawn()?.chance();
    return chance === undefined ? random() : fraction(chance);
  });
  installCrypto(process.getBuiltinModule('node:crypto'));
  process.getBuiltinModule('node:module').syncBuiltinESMExports();
}

/**
 * The same for a while and in any thread, with time and chance from the background where no event is computed and where
 * there is one. Returns how to have everything as it was.
 */
export function borrowEntropy(background: () => Background | undefined): () => void {
  const wasInstalled = isInstalled;
  backgroundNow = background;
  undo = [];
  installEntropy();
  return () => {
    backgroundNow = () => undefined;
    if (wasInstalled) return;
    isInstalled = false;
    for (const step of undo.splice(0).reverse()) step();
    process.getBuiltinModule('node:module').syncBuiltinESMExports();
  };
}

function drawn(): Pick<Background, 'time' | 'chance'> | undefined {
  return currentEntropy() ?? backgroundNow();
}

/** Puts a property in the place of another one, and notes how to take it back. */
function replace(target: object, name: string, value: unknown, descriptor: PropertyDescriptor = {}): void {
  const before = Object.getOwnPropertyDescriptor(target, name);
  if (before?.configurable === false) throw unreplaceable(name);
  undo.push(() => {
    if (before === undefined) Reflect.deleteProperty(target, name);
    else Object.defineProperty(target, name, before);
  });
  const isValue = descriptor.get === undefined;
  const content = isValue ? { value, writable: true } : {};
  Object.defineProperty(target, name, { configurable: true, enumerable: true, ...content, ...descriptor });
}

function unreplaceable(name: string): Error {
  return holdfastError(
    'HOLDFAST_ERR_THREAD_START',
    `Machines draw time and chance from their events, and "${name}" is frozen here. Start Node.js without --frozen-intrinsics.`,
  );
}

function installTime(): void {
  const systemNow = Date.now.bind(Date);
  replace(Date, 'now', () => drawn()?.time() ?? systemNow(), { enumerable: false });
  const date = new Proxy(Date, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [Date.now()] : args, newTarget) as object,
    apply: () => new Date().toString(),
  });
  replace(globalThis, 'Date', date, { enumerable: false });
  // Libraries make dates like the one that they are given.
  replace(Date.prototype, 'constructor', date, { enumerable: false });
  // The origin of the process is none that a replay shares: in a step it is 1970, as that of the clock.
  const { timeOrigin } = performance;
  const sinceStart = performance.now.bind(performance);
  replace(performance, 'now', () => currentEntropy()?.time() ?? backgroundNow()?.monotonic() ?? sinceStart());
  replace(performance, 'timeOrigin', undefined, {
    get: () => (drawn()?.time() === undefined ? timeOrigin : 0),
  });
}

function installCrypto(crypto: Crypto): void {
  const { randomUUID, randomBytes, randomInt, randomFillSync, webcrypto } = crypto;
  const systemValues = webcrypto.getRandomValues.bind(webcrypto);
  const uuid = ((options?: object) => {
    const chance = drawn()?.chance();
    return chance === undefined ? randomUUID(options) : uuidFrom(chance);
  }) as Crypto['randomUUID'];
  const values = <T extends Bytes>(array: T): T => {
    const chance = drawn()?.chance();
    return chance === undefined ? (systemValues(array as never) as T) : fill(array, chance);
  };
  // With a callback they are no part of a step.
  const bytes = ((size: number, callback?: never) => {
    const chance = callback === undefined ? drawn()?.chance() : undefined;
    return chance === undefined ? randomBytes(size, callback as never) : fill(Buffer.alloc(size), chance);
  }) as Crypto['randomBytes'];
  const int = ((...args: (number | ((error: Error | null, value: number) => void))[]) => {
    const chance = typeof args.at(-1) === 'function' ? undefined : drawn()?.chance();
    if (chance === undefined) return (randomInt as (...given: unknown[]) => unknown)(...args);
    const [min, max] = (args.length > 1 ? args : [0, ...args]) as [number, number];
    return min + Math.floor(fraction(chance) * (max - min));
  }) as Crypto['randomInt'];
  const filled = (<T extends Bytes>(target: T, offset = 0, size?: number): T => {
    const chance = drawn()?.chance();
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
    for (const [name, value] of Object.entries(replaced)) replace(target, name, value);
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
