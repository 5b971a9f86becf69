import { toModuleUrls } from '../options.ts';
import type { LongWorkOptions } from '../ports/event-store-backend.ts';
import { checkName } from '../protocol/names.ts';
import { checkOptions, checkWholeOption, invalidOption } from '../protocol/options.ts';
import type { RehearsalOptions } from './rehearse.ts';

/** Options of {@link Runtime.rehearse}. */
export interface RehearseOptions extends LongWorkOptions {
  /** The modules to rehearse, such as those of an update. Default: those of the runtime. */
  readonly modules?: readonly (string | URL)[];
  /** Only streams of these kinds. Default: every stream whose name is an address, `kind/id`. */
  readonly kinds?: readonly string[];
  /** Threads that replay. Default: one less than the processors, at least 1 and at most 4. */
  readonly threads?: number;
  /** How long one event, or the import of the modules, may take before it is reported, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
}

const owner = 'rehearse';

/** Checks the options and fills in what the runtime knows. */
export function resolveRehearseOptions(
  options: RehearseOptions,
  { modules: own, memoryMb }: { modules: readonly string[]; memoryMb: number },
): RehearsalOptions {
  checkOptions(owner, options, ['modules', 'kinds', 'threads', 'timeoutMs', 'signal', 'onProgress']);
  checkWholeOption(owner, 'threads', options.threads, 1, 64);
  checkWholeOption(owner, 'timeoutMs', options.timeoutMs, 50, 2 ** 31 - 1);
  const { modules, kinds } = options;
  if (kinds !== undefined) {
    if (!Array.isArray(kinds)) throw invalidOption(`${owner}: "kinds" must be an array of kinds.`);
    for (const kind of kinds) checkName(`${owner}: a kind`, kind);
  }
  return {
    ...options,
    modules: modules === undefined ? own : toModuleUrls(owner, modules),
    memoryMb,
  };
}
