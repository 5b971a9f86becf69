import { holdfastError } from '../../errors/holdfast-error.ts';
import { cacheFailed } from '../../observability/channels.ts';
import { type Clock, systemClock } from '../../ports/clock.ts';
import { type MonotonicClock, monotonicClock } from '../../ports/monotonic-clock.ts';
import { describe } from '../../protocol/names.ts';
import { checkFunction, checkOptions, checkWholeOption, invalidOption } from '../../protocol/options.ts';
import { orAborted } from '../../waiting/or-aborted.ts';
import { type CacheEntry, type CacheStore, createMemoryCacheStore } from './cache-store.ts';
import { CallContext, contextOf } from './call-context.ts';
import { checkMethods } from './check-methods.ts';
import { EntryAges } from './entry-age.ts';
import { Flights } from './flights.ts';
import { isTransient } from './is-transient.ts';
import type { ExecuteOptions, Policy, PolicyFunction } from './policy.ts';
import { begin } from './settle.ts';

/** What the cache needs to know of the connection. */
export interface ConnectivityStatusSource {
  readonly status: 'unknown' | 'online' | 'degraded' | 'offline';
}

/** How long values are good for. */
export interface CachedOptions {
  /** While a value is not older than this, in milliseconds, nothing is called. */
  readonly ttlMs: number;
  /** For so long after that it is served while offline, or when the call fails for a reason that may pass. Default 0. */
  readonly staleMs?: number;
  /** For so long after `ttlMs` it is served at once, and called for behind it; part of `staleMs`. Default 0. */
  readonly staleWhileRevalidateMs?: number;
  /** What to keep values under if `execute` is not given a key. */
  readonly key?: string;
  /** Default: {@link createMemoryCacheStore} with room for 1,000. */
  readonly store?: CacheStore;
  /** While its status is `'offline'`, nothing is called for as long as there is a value that may be served. */
  readonly connectivity?: ConnectivityStatusSource;
  /** Whether a failed call may be hidden behind an old value. Default {@link isTransient}: not a 403 or a 404. */
  readonly staleOn?: (error: unknown) => boolean;
  /** Whether a value is what it should be: others are returned but not kept, and not served if they are in the store. */
  readonly isValid?: (value: unknown) => boolean;
  /** Called when an old value is served, to say so to the user. What it throws rejects the call. */
  readonly onStale?: (notice: StaleNotice) => void;
  readonly clock?: MonotonicClock;
  readonly wallClock?: Clock;
}

/** That an old value is served. */
export interface StaleNotice {
  readonly key: string;
  readonly ageMs: number;
  readonly reason: 'offline' | 'revalidating' | 'failed';
  /** Why the call failed. */
  readonly error?: unknown;
}

/** A policy that keeps values. */
export interface Cached extends Policy, AsyncDisposable {
  /** Drops a value, and what a call under way for it will bring: after a write. */
  invalidate(key: string): Promise<void>;
  /** Aborts all calls under way and rejects later ones. The store stays as it is. */
  close(): Promise<void>;
}

const known: readonly (keyof CachedOptions)[] = [
  'ttlMs',
  'staleMs',
  'staleWhileRevalidateMs',
  'key',
  'store',
  'connectivity',
  'staleOn',
  'isValid',
  'onStale',
  'clock',
  'wallClock',
];

/**
 * Keeps what a function resolves with under a key, and serves it again: while it is fresh instead of calling, and while
 * offline or when the call fails for up to `staleMs` longer (`stale-if-error` and `stale-while-revalidate`: RFC 5861). One
 * call is under way for a key at a time; it is aborted when all who wait for it have given up. A call that fails leaves the
 * value as it was.
 *
 * Values are shared, not copied. One key must stand for one function. A function that asks for its own key waits for itself.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID from `execute` too, without a key; HOLDFAST_ERR_CLOSED after `close`.
 */
export function cached(options: CachedOptions): Cached {
  checkOptions('cached', options, known);
  const { ttlMs, staleMs = 0, staleWhileRevalidateMs = 0 } = options;
  checkWholeOption('cached', 'ttlMs', ttlMs ?? null, 0);
  checkWholeOption('cached', 'staleMs', staleMs, 0);
  checkWholeOption('cached', 'staleWhileRevalidateMs', staleWhileRevalidateMs, 0, staleMs);
  const { store = createMemoryCacheStore(), staleOn = isTransient, isValid, onStale, key } = options;
  for (const [name, value] of Object.entries({ staleOn, isValid, onStale }))
    checkFunction('cached', name, value);
  if (key !== undefined && typeof key !== 'string')
    throw invalidOption(`cached: "key" must be a string, got ${describe(key)}.`);
  checkMethods('cached', 'store', store, ['get', 'set', 'delete']);
  checkMethods('cached', 'clock', options.clock, ['now']);
  checkMethods('cached', 'wallClock', options.wallClock, ['now']);
  return new CachedCalls({ ...options, store, staleOn, staleMs, staleWhileRevalidateMs });
}

type Settings = CachedOptions &
  Required<Pick<CachedOptions, 'staleMs' | 'staleWhileRevalidateMs' | 'store' | 'staleOn'>>;

class CachedCalls implements Cached {
  readonly #settings: Settings;
  readonly #flights = new Flights();
  readonly #ages: EntryAges;
  #isClosed = false;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#ages = new EntryAges(settings.clock ?? monotonicClock, settings.wallClock ?? systemClock);
  }

  async execute<T>(fn: PolicyFunction<T>, options?: ExecuteOptions): Promise<T> {
    const context = contextOf(fn, options);
    const { signal, key = this.#settings.key } = context;
    if (typeof key !== 'string') {
      throw invalidOption(`cached: give "key" to execute, or to cached, as a string, got ${describe(key)}.`);
    }
    signal.throwIfAborted();
    if (this.#isClosed) throw closed();
    const { ttlMs, staleWhileRevalidateMs, connectivity } = this.#settings;
    const entry = await orAborted(this.#find(key), signal);
    if (this.#isClosed) throw closed();
    const ageMs = entry === undefined ? Number.POSITIVE_INFINITY : this.#ages.ageMs(entry);
    if (entry !== undefined && ageMs <= ttlMs) return entry.value as T;
    const call = (inner: AbortSignal): Promise<T> => this.#call(key, fn, inner);
    if (connectivity?.status === 'offline' && this.#maySay(key, entry, 'offline')) return entry.value as T;
    if (ageMs <= ttlMs + staleWhileRevalidateMs && this.#maySay(key, entry, 'revalidating')) {
      this.#refresh(key, call);
      return entry.value as T;
    }
    try {
      return await this.#flights.join(key, signal, call);
    } catch (error) {
      signal.throwIfAborted();
      if (!this.#isClosed && this.#settings.staleOn(error) && this.#maySay(key, entry, 'failed', error)) {
        return entry.value as T;
      }
      throw error;
    }
  }

  async invalidate(key: string): Promise<void> {
    this.#flights.forget(key);
    await this.#settings.store.delete(key);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#flights.abortAll(closed());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Whether an entry may still be served; says so to whoever wants to know. */
  #maySay(
    key: string,
    entry: CacheEntry | undefined,
    reason: StaleNotice['reason'],
    error?: unknown,
  ): entry is CacheEntry {
    const { ttlMs, staleMs, onStale } = this.#settings;
    if (entry === undefined) return false;
    const ageMs = this.#ages.ageMs(entry);
    if (ageMs > ttlMs + staleMs) return false;
    onStale?.({ key, ageMs, reason, ...(reason === 'failed' ? { error } : {}) });
    return true;
  }

  async #find(key: string): Promise<CacheEntry | undefined> {
    const { store, ttlMs, staleMs, isValid } = this.#settings;
    try {
      const entry = await store.get(key);
      if (entry === undefined || isValid?.(entry.value) === false) return undefined;
      // What is too old stays until something new comes: the clock may be set right again.
      if (this.#ages.ageMs(entry) <= ttlMs + staleMs) return entry;
    } catch (error) {
      cacheFailed.publish({ key, doing: 'get', error });
    }
    return undefined;
  }

  #refresh<T>(key: string, call: (signal: AbortSignal) => Promise<T>): void {
    this.#flights.launch(key, (signal) =>
      call(signal).catch((error) => {
        cacheFailed.publish({ key, doing: 'refresh', error });
        throw error;
      }),
    );
  }

  /** Calls the function, and keeps what it brings unless that has become worthless meanwhile. */
  async #call<T>(key: string, fn: PolicyFunction<T>, signal: AbortSignal): Promise<T> {
    const value = await begin(fn, new CallContext(signal, 1, key));
    const { isValid, store } = this.#settings;
    if (!this.#flights.isCurrent(key, signal) || isValid?.(value) === false) return value;
    try {
      await store.set(key, this.#ages.newEntry(value));
    } catch (error) {
      cacheFailed.publish({ key, doing: 'set', error });
    }
    return value;
  }
}

function closed(): Error {
  return holdfastError('HOLDFAST_ERR_CLOSED', 'The cache is closed.');
}
