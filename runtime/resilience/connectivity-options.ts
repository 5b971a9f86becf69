import type { ConnectivityInput } from '../../machines/connectivity.machine.ts';
import { checkOptions, checkShare, checkWholeOption, invalidOption } from '../protocol/options.ts';
import { type ConnectivityProbe, interfaceProbe } from './connectivity-probe.ts';

/** How a runtime finds out whether the network is there. Durations are milliseconds. */
export interface ConnectivityOptions {
  /** Default: `interfaceProbe()`, which sends nothing. */
  readonly probe?: ConnectivityProbe;
  /** Between two checks while online. Default 30,000. */
  readonly intervalMs?: number;
  /** Between two checks while offline, and before a second opinion on a failed one. Default 5,000. */
  readonly offlineIntervalMs?: number;
  /** How long a check may take; one that takes longer has failed. Default 5,000. */
  readonly timeoutMs?: number;
  /** How long after a check the next one begins at the earliest, however many calls fail. Default 500. */
  readonly pauseMs?: number;
  /** Share of an interval by which it is shortened or lengthened at random, so that computers do not ask in step. Default 0.2. */
  readonly jitter?: number;
  /** Failed checks in a row until the network is taken for gone. The very first check is believed. Default 2. */
  readonly offlineAfter?: number;
  /** Good checks in a row until it is taken for back. Default 1. */
  readonly onlineAfter?: number;
}

export interface ResolvedConnectivity {
  readonly probe: ConnectivityProbe;
  readonly input: ConnectivityInput;
}

const defaults = {
  intervalMs: 30_000,
  offlineIntervalMs: 5_000,
  timeoutMs: 5_000,
  pauseMs: 500,
  offlineAfter: 2,
  onlineAfter: 1,
};

/** Checks the options and fills in the defaults. */
export function resolveConnectivity(options: ConnectivityOptions = {}): ResolvedConnectivity {
  const owner = 'connectivity';
  checkOptions(owner, options, ['probe', 'jitter', ...Object.keys(defaults)]);
  for (const name of Object.keys(defaults) as (keyof typeof defaults)[])
    checkWholeOption(owner, name, options[name], 1, 86_400_000);
  const { probe = interfaceProbe(), jitter = 0.2 } = options;
  if (typeof probe?.check !== 'function')
    throw invalidOption(`${owner}: "probe" must have a method check(signal).`);
  checkShare(owner, 'jitter', jitter);
  const { probe: _, ...given } = options;
  return { probe, input: { ...defaults, ...given, jitter } };
}
