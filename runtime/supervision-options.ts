import type { BackOff, SupervisionStrategy } from '../machines/supervisor.machine.ts';
import { checkOneOf, checkOptions, checkShare, checkWholeOption } from './protocol/options.ts';

/** How host threads that die are restarted: see `docs/how-to/supervise.md`. */
export interface SupervisionOptions {
  /**
   * Which other hosts are restarted with one that dies: none, all, or those with higher numbers. Default
   * `'one-for-one'`, which is right unless definition modules share state outside of the machines.
   */
  readonly strategy?: SupervisionStrategy;
  /** Restarts of one host within the period that are tolerated; one more escalates. Default 10. */
  readonly intensity?: number;
  /** The period, in milliseconds. A host that was quiet for so long starts anew. Default 60,000. */
  readonly periodMs?: number;
  /** How long a host waits between restarts. The first within the period is immediate. */
  readonly backoff?: {
    /** Before the second restart within the period, in milliseconds; it doubles with every further. Default 50. */
    readonly minMs?: number;
    /** The longest wait, in milliseconds, and the wait after an escalation. Default 5,000. */
    readonly maxMs?: number;
    /** Share by which a wait is longer or shorter at random, from 0 to 1. Default 0.2. */
    readonly jitter?: number;
  };
}

/** The options with defaults filled in. */
export interface ResolvedSupervision {
  readonly strategy: SupervisionStrategy;
  readonly intensity: number;
  readonly periodMs: number;
  readonly backoff: BackOff;
}

const owner = 'createRuntime: "supervision"';
const strategies: readonly SupervisionStrategy[] = ['one-for-one', 'one-for-all', 'rest-for-one'];
const timeMax = 2 ** 31 - 1;

/** Checks the options and fills in the defaults. */
export function resolveSupervision(options: SupervisionOptions = {}): ResolvedSupervision {
  checkOptions(owner, options, ['strategy', 'intensity', 'periodMs', 'backoff']);
  const { strategy = 'one-for-one', intensity = 10, periodMs = 60_000, backoff = {} } = options;
  checkOneOf(owner, 'strategy', strategy, strategies);
  checkWholeOption(owner, 'intensity', intensity, 0, 10_000);
  checkWholeOption(owner, 'periodMs', periodMs, 1, timeMax);
  checkOptions(`${owner}.backoff`, backoff, ['minMs', 'maxMs', 'jitter']);
  const { minMs = Math.min(50, backoff.maxMs ?? 50), maxMs = Math.max(5_000, minMs), jitter = 0.2 } = backoff;
  checkWholeOption(`${owner}.backoff`, 'minMs', minMs, 1, timeMax);
  checkWholeOption(`${owner}.backoff`, 'maxMs', maxMs, minMs, timeMax);
  checkShare(`${owner}.backoff`, 'jitter', jitter);
  return { strategy, intensity, periodMs, backoff: { minMs, maxMs, jitter } };
}
