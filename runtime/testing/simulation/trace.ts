import type { AppendRequest } from '../../protocol/append.ts';
import type { TimerChange } from '../../protocol/timer.ts';
import type { AppendOutcome } from '../../sqlite/log/log-writer.ts';

/** One thing that happened in a simulation: plain data, the same for the same seed. */
export interface SimulationRecord {
  /** The task in which it happened. */
  readonly task: number;
  /** Virtual milliseconds since the beginning, whatever the clock on the wall says. */
  readonly atMs: number;
  /** What happened: `send`, `answer`, `append`, `fault`, `start`, `advance`, `rest`, `end` and others. */
  readonly what: string;
  readonly [detail: string]: unknown;
}

/** Collects what happens, in order. */
export class Trace {
  readonly records: SimulationRecord[] = [];
  readonly #place: () => { readonly tasks: number; readonly now: number };

  constructor(place: () => { readonly tasks: number; readonly now: number }) {
    this.#place = place;
  }

  note(what: string, details: Readonly<Record<string, unknown>> = {}): void {
    const { tasks: task, now: atMs } = this.#place();
    this.records.push({ task, atMs, what, ...details });
  }
}

/** What is shown of an append. */
export function shownAppend(
  { stream, events, consequences }: AppendRequest,
  outcome: AppendOutcome,
): Readonly<Record<string, unknown>> {
  const { consumed = null, messages = [], timers = [] } = consequences ?? {};
  return {
    stream,
    events: events.map(({ type }) => type),
    ...(outcome instanceof Error
      ? { failed: outcome.code }
      : { outcome: outcome.outcome, version: outcome.version, position: outcome.position }),
    ...(consumed === null ? {} : { consumed: `${consumed.from} ${consumed.id}` }),
    ...(messages.length === 0
      ? {}
      : { messages: messages.map(({ target, type }) => `${type} to ${target}`) }),
    ...(timers.length === 0 ? {} : { timers: timers.map(shownTimer) }),
  };
}

function shownTimer(timer: TimerChange): string {
  return timer.change === 'cancel-all' ? timer.change : `${timer.change} ${timer.name}`;
}
