import { circuitBreaker } from './circuit-breaker.ts';
import { connectivity } from './connectivity.ts';
import { hostLifecycle } from './host-lifecycle.ts';
import type { MachineModel } from './machine-model.ts';
import { runtimeLifecycle } from './runtime-lifecycle.ts';
import { storeAndForward } from './store-and-forward.ts';
import { supervisor } from './supervisor.ts';

/** Every machine of `machines/`. */
export const machineModels: readonly MachineModel[] = [
  circuitBreaker,
  connectivity,
  hostLifecycle,
  runtimeLifecycle,
  storeAndForward,
  supervisor,
];
