import { circuitBreakerMachine } from '../../machines/circuit-breaker.machine.ts';
import { connectivityMachine } from '../../machines/connectivity.machine.ts';
import { storeAndForwardMachine } from '../../machines/store-and-forward.machine.ts';
import { volatileKinds } from '../../runtime/protocol/volatile-kinds.ts';
import type { AnyStateMachine } from '../xstate-adapter.ts';

/** The machines of the actors whose state is never written. */
export const volatileMachines: ReadonlyMap<string, AnyStateMachine> = new Map<string, AnyStateMachine>([
  [volatileKinds.connectivity, connectivityMachine],
  [volatileKinds.circuitBreaker, circuitBreakerMachine],
  [volatileKinds.storeAndForward, storeAndForwardMachine],
]);
