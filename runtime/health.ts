import type { HoldfastErrorCode } from './errors/codes.ts';
import { isHoldfastError } from './errors/holdfast-error.ts';
import type { HostHealth, QuarantinedActor } from './hosts/host-health.ts';
import type { RouterHealth } from './hosts/router.ts';
import type { ProjectionsHealth } from './projections/projection-health.ts';
import type { PendingCounts } from './protocol/delivery.ts';
import type { SqliteEventStoreBackend } from './store/sqlite-backend.ts';

const askTimeoutMs = 1_000;

/**
 * `running`, or `busy`: did not answer within a second, which a long commit or the lock of another process can bring
 * about. `absent`: not needed so far. `ended`: closed, broken, or without its file.
 */
export type ServiceState = 'running' | 'busy' | 'absent' | 'ended';

/** How a runtime is, as plain data: what `runtime.health()` resolves with. */
export interface RuntimeHealth extends ProjectionsHealth {
  /**
   * `healthy`: everything serves. `degraded`: some actors have to wait or are refused: a host could not start, backs
   * off or is unavailable, an actor is in quarantine, the store is busy, a projection has stopped, or their thread could not
   * be started. `failing`: nothing can be made durable, since the store has ended, its file is gone or cannot be written, or no host serves.
   */
  readonly status: 'healthy' | 'degraded' | 'failing';
  /** When it was looked at, in milliseconds since 1970. */
  readonly at: number;
  readonly hosts: readonly HostHealth[];
  readonly quarantined: readonly QuarantinedActor[];
  /** `failure`: what the storage failed with at the last write, until it takes one; `null` if it took that. */
  readonly store: { readonly state: ServiceState; readonly failure: HoldfastErrorCode | null };
  readonly reader: { readonly state: ServiceState };
  /** Dead letters in the file; `null` if the store did not say. */
  readonly deadLetters: number | null;
  /** What actors still wait for; `null` if the store did not say. */
  readonly pending: PendingCounts | null;
  /** Timers and messages that are on their way to their actors, or wait for another try. */
  readonly deliveriesUnderway: number;
}

/** Looks at everything. Never rejects: what cannot be asked is what there is to report. */
export async function lookAtHealth(
  backend: SqliteEventStoreBackend,
  { standing, hosts, quarantined }: RouterHealth,
  { projections, projectionsFailure }: ProjectionsHealth,
  deliveriesUnderway: number,
): Promise<RuntimeHealth> {
  const { store, failure, deadLetters, pending } = await askStore(backend);
  // Another process holds the lock for now: writes come through later.
  const cannotWrite = failure !== null && failure !== 'HOLDFAST_ERR_STORAGE_BUSY';
  const reader = backend.readerState;
  const isDegraded =
    standing !== 'healthy' ||
    quarantined.length > 0 ||
    hosts.some(({ state }) => state === 'down') ||
    store === 'busy' ||
    failure !== null ||
    reader === 'ended' ||
    projectionsFailure !== null ||
    projections.some(({ failure }) => failure !== null);
  const isFailing = standing === 'failing' || store === 'ended' || cannotWrite;
  return {
    status: isFailing ? 'failing' : isDegraded ? 'degraded' : 'healthy',
    at: Date.now(),
    hosts,
    quarantined,
    store: { state: store, failure },
    reader: { state: reader },
    projections,
    projectionsFailure,
    deadLetters,
    pending,
    deliveriesUnderway,
  };
}

interface StoreAnswer {
  readonly store: ServiceState;
  readonly failure: HoldfastErrorCode | null;
  readonly deadLetters: number | null;
  readonly pending: PendingCounts | null;
}

async function askStore(backend: SqliteEventStoreBackend): Promise<StoreAnswer> {
  let thread: ReturnType<typeof backend.store>['thread'] | undefined;
  try {
    thread = backend.store().thread;
    const standing = await thread.control.call('standing', [], { timeoutMs: askTimeoutMs });
    return { store: 'running', ...standing };
  } catch (error) {
    const isLate = isHoldfastError(error, 'HOLDFAST_ERR_TIMEOUT') && thread?.hasEnded === false;
    return { store: isLate ? 'busy' : 'ended', failure: null, deadLetters: null, pending: null };
  }
}
