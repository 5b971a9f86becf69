import type { AskedTimer } from '../../../actors/steps/asked.ts';
import type { MachineEvent } from '../../../actors/xstate-adapter.ts';
import type { ActorPath, Recipient } from '../../protocol/timer.ts';
import type { TimerStep } from './model-step.ts';

/** A delayed event that has not come yet. */
export interface PendingTimer {
  readonly name: string;
  /** How a step names it. */
  readonly label: string;
  readonly setBy: ActorPath;
  readonly to: Recipient;
  readonly event: MachineEvent;
  readonly delayMs: number;
  /** When it is due, in milliseconds of the model's own time. */
  readonly dueMs: number;
}

/** XState names a delayed event that was given no id by a random one. */
const generatedId = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The timers after a change that was asked for, the next one first. */
export function changedTimers(
  timers: readonly PendingTimer[],
  change: AskedTimer,
  nowMs: number,
): readonly PendingTimer[] {
  switch (change.change) {
    case 'set': {
      const { actor: setBy, name, to, event, delayMs } = change;
      const label = generatedId.test(name) ? event.type : name;
      const others = timers.filter((each) => each.setBy !== setBy || each.name !== name);
      const set = { name, label, setBy, to, event, delayMs, dueMs: nowMs + delayMs };
      return [...others, set].sort((a, b) => a.dueMs - b.dueMs);
    }
    case 'cancel':
      return timers.filter(({ setBy, name }) => setBy !== change.actor || name !== change.name);
    default:
      return timers.filter(
        ({ setBy, to }) => setBy !== change.actor && !('actor' in to && to.actor === change.actor),
      );
  }
}

/** The timer that a step means: by its name, or by its key in `after` where only one has that. */
export function timerMeant(
  timers: readonly PendingTimer[],
  { timer, actor }: TimerStep,
): PendingTimer | undefined {
  const own = timers.filter(({ setBy }) => actor === undefined || setBy === actor);
  const named = own.find(({ label }) => label === timer);
  if (named !== undefined) return named;
  const [only, ...others] = own.filter(({ label }) => label.startsWith(`xstate.after.${timer}.`));
  return others.length === 0 ? only : undefined;
}
