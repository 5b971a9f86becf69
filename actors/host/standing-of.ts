import { messageOf } from '../../runtime/errors/message-of.ts';
import type { MachineSnapshot } from '../xstate-adapter.ts';

/** The state of an actor in words: one that has ended accepts nothing any more, whatever its state would. */
export function standingOf({ value, status, error }: MachineSnapshot): string {
  const state = JSON.stringify(value);
  if (status === 'error') return `${state}, where it ended with an error (${messageOf(error)}),`;
  return status === 'active' ? state : `${state} and ${status}`;
}
