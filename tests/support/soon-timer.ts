import type { Consequences } from '../../runtime/protocol/consequences.ts';
import type { TimerPolicy } from '../../runtime/protocol/timer.ts';

/** That a timer of the root is set, which is called "soon". */
export function soonTimer(policy: TimerPolicy, delayMs: number): Consequences['timers'][number] {
  return {
    change: 'set',
    actor: '',
    name: 'soon',
    to: { actor: '' },
    type: 'soon',
    data: '{}',
    schemaVersion: null,
    delayMs,
    policy,
  };
}
