import { type AnyActorScope, createEmptyActor } from 'xstate';
import { deposit } from '../fixtures/commands.ts';
import { accountMachine } from '../fixtures/domain.ts';
import { readTask, report } from '../measurement.ts';

const { size } = readTask();
const self = createEmptyActor();
const idle = () => undefined;
const scope = {
  self,
  system: self.system,
  id: '',
  sessionId: '',
  logger: idle,
  defer: idle,
  stopChild: idle,
  emit: idle,
  actionExecutor: idle,
} as unknown as AnyActorScope;
const events = Array.from({ length: size }, (_, index) => deposit(index));

const fold = () => {
  let snapshot = accountMachine.getInitialSnapshot(scope as never);
  for (const event of events) snapshot = accountMachine.transition(snapshot, event, scope as never);
  return snapshot.context.entries;
};
// Lets the code be compiled.
fold();

const start = performance.now();
const entries = fold();
const seconds = (performance.now() - start) / 1_000;

report({ value: entries / seconds, unit: 'events/s', detail: { events: entries, seconds } });
