import type { ChildState } from '../../machines/supervisor.machine.ts';
import type { DeathCause, DeathEvidence } from '../protocol/host-death.ts';

/**
 * What a host is doing. `idle`: has no thread, and starts one with the next command. `down`: the same, but its last
 * thread could not start. `restarting`: has died, and its next thread is about to start. `backing-off`: waits for its
 * next thread. `unavailable`: has died too often and rejects commands. `half-open`: is tried again after that.
 */
export type HostState =
  | 'idle'
  | 'down'
  | 'starting'
  | 'running'
  | 'restarting'
  | 'backing-off'
  | 'unavailable'
  | 'half-open'
  | 'closed';

/** How a host died the last time. */
export interface LastDeath extends DeathEvidence {
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** One host: a place that actors live at. */
export interface HostHealth {
  /** Its number, from 0. */
  readonly host: number;
  readonly state: HostState;
  /** Counts the threads that have served it. */
  readonly generation: number;
  /** Restarts within the period of `supervision`. */
  readonly restarts: number;
  readonly lastDeath: LastDeath | null;
  /** When it may run again, in milliseconds since 1970; `null` if it may now. */
  readonly backOffUntil: number | null;
  /** Requests that are with its thread. */
  readonly inFlight: number;
  /** Requests that are not answered, those in flight and those that wait included. */
  readonly unanswered: number;
}

/** An actor that lives in a quarantine thread, with a command that has killed its host. */
export interface QuarantinedActor {
  readonly address: string;
  readonly host: number;
  /** How the command ended the host. */
  readonly cause: DeathCause;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** The state of a host as its lifecycle and its supervisor together say. */
export function stateOfHost(lifecycle: string, child: ChildState, hasDied: boolean): HostState {
  if (lifecycle === 'closing' || lifecycle === 'closed') return 'closed';
  if (child === 'escalated') return 'unavailable';
  if (child === 'backing-off') return 'backing-off';
  if (child === 'half-open') return 'half-open';
  if (lifecycle === 'fencing') return 'restarting';
  if (lifecycle === 'absent') return hasDied ? 'down' : 'idle';
  if (lifecycle === 'starting') return hasDied ? 'restarting' : 'starting';
  return 'running';
}
