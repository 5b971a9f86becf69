import { checkOptions, checkWholeOption } from '../../protocol/options.ts';

/** What is kept under a key: plain data, for stores that write it to disk. */
export interface CacheEntry {
  readonly value: unknown;
  /** When it came, in milliseconds since 1970 by the clock on the wall. */
  readonly storedAt: number;
}

/**
 * The port behind {@link cached}. A store that fails is treated as one that has nothing, and what it threw is published on
 * `holdfast:cache:failed`.
 */
export interface CacheStore {
  get(key: string): PromiseLike<CacheEntry | undefined> | CacheEntry | undefined;
  set(key: string, entry: CacheEntry): PromiseLike<unknown> | unknown;
  delete(key: string): PromiseLike<unknown> | unknown;
}

/**
 * Keeps up to `itemsMax` entries (default 1,000) in memory and drops those that were not read for longest. Values are kept
 * as they are: who changes one changes it for all.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID when an option is unknown or out of range.
 */
export function createMemoryCacheStore(options: { readonly itemsMax?: number } = {}): CacheStore {
  checkOptions('createMemoryCacheStore', options, ['itemsMax']);
  const { itemsMax = 1_000 } = options;
  checkWholeOption('createMemoryCacheStore', 'itemsMax', itemsMax, 1);
  /** In order of their last use. */
  const entries = new Map<string, CacheEntry>();
  const put = (key: string, entry: CacheEntry): void => {
    entries.delete(key);
    entries.set(key, entry);
  };
  return {
    get: (key) => {
      const entry = entries.get(key);
      if (entry !== undefined) put(key, entry);
      return entry;
    },
    set: (key, entry) => {
      put(key, entry);
      if (entries.size > itemsMax) entries.delete(entries.keys().next().value as string);
    },
    delete: (key) => entries.delete(key),
  };
}
