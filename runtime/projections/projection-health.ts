import type { HoldfastErrorCode } from '../errors/codes.ts';

/**
 * `starting`: its modules are loaded. `building`: made from the first event; what there was before is served, if there
 * was any. `current`: follows the log. `stopped`: an event failed, see `failure`. `refused`: it cannot be used at all,
 * see `failure`. `closed`: the runtime is.
 */
export type ProjectionState = 'starting' | 'building' | 'current' | 'stopped' | 'refused' | 'closed';

/** How one projection is, as plain data: part of what `runtime.health()` resolves with. */
export interface ProjectionHealth {
  readonly name: string;
  readonly version: number;
  readonly state: ProjectionState;
  /** The last event that is in what queries see; `null` before the first build is complete. */
  readonly position: number | null;
  /** The last event that is in what is being built; `null` if nothing is. */
  readonly building: number | null;
  /** Events of the log that queries do not see yet. */
  readonly lag: number;
  /** Events that were passed over since the runtime was opened. */
  readonly skipped: number;
  readonly failure: ProjectionProblem | null;
}

/** What stopped a projection. */
export interface ProjectionProblem {
  readonly code: string;
  readonly message: string;
  /** The event that did it; `null` for a projection that is refused. */
  readonly event: {
    readonly position: number;
    readonly stream: string;
    readonly version: number;
    readonly type: string;
  } | null;
}

/** How the projections of a runtime are: part of what `runtime.health()` resolves with. */
export interface ProjectionsHealth {
  /** Projections of the modules, once a host has loaded them or one was asked for. */
  readonly projections: readonly ProjectionHealth[];
  /** Why those of the modules could not be started, until they are; `null` if nothing kept them from it. */
  readonly projectionsFailure: HoldfastErrorCode | null;
}

/** Of a runtime that nobody has asked for any, and whose hosts have loaded none. */
export const noProjections: ProjectionsHealth = { projections: [], projectionsFailure: null };
