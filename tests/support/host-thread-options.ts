import { EmittedGauge } from '../../runtime/protocol/emitted-gauge.ts';
import type { SqliteEventStoreBackend } from '../../runtime/store/sqlite-backend.ts';

/** What a host thread without any module is started with. */
export function hostThreadOptions(backend: unknown) {
  return {
    backend: backend as SqliteEventStoreBackend,
    modules: [],
    residentsMax: 1,
    idleMs: 1_000,
    memoryMb: 64,
    externalMemoryMb: 64,
    unresponsiveMs: 10_000,
    workerUrl: undefined,
    container: null,
    onEmitted: () => undefined,
    emitted: new EmittedGauge(),
    onProjections: () => undefined,
  };
}
