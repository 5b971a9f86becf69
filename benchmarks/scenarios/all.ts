import type { Scenario } from '../scenario.ts';
import { breaker } from './breaker.ts';
import { container } from './container.ts';
import { effects } from './effects.ts';
import { latency } from './latency.ts';
import { memory } from './memory.ts';
import { messages } from './messages.ts';
import { oneReceiver } from './one-receiver.ts';
import { rebuild } from './rebuild.ts';
import { replay } from './replay.ts';
import { restart } from './restart.ts';
import { startUp } from './start.ts';
import { eventStore } from './store.ts';
import { storeAndForward } from './store-and-forward.ts';
import { throughput } from './throughput.ts';

/** Every scenario, in the order they are run. */
export const scenarios: readonly Scenario[] = [
  throughput,
  latency,
  eventStore,
  replay,
  rebuild,
  messages,
  effects,
  oneReceiver,
  startUp,
  restart,
  memory,
  breaker,
  storeAndForward,
  container,
];
