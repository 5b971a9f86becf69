import type { Entropy } from '../../actors/steps/entropy.ts';
import type { LaneEffects } from '../protocol/projection.ts';
import type { FoldHandler, TableHandler } from './define-projection.ts';
import type { ProjectionEvent } from './projection-event.ts';

/** The handler of an event, whatever sort of projection it is of. */
export type Handler = TableHandler & FoldHandler<unknown>;

/** An event with the handler that there is for it. */
export interface Handled {
  readonly event: ProjectionEvent;
  readonly handler: Handler;
}

/** Told while code of the application runs for an event, without a gap in which anything else could run. */
export interface HandlerTrace {
  begins(position: number): void;
  ends(): void;
}

/** Collects what the events of a range do. */
export interface RangeRun {
  /** Characters that were collected, roughly. */
  readonly length: number;
  /** Adds what a stored event does, all of it or nothing. Time and chance come from the event. */
  add(position: number, handled: readonly Handled[], entropy: Entropy): void | Promise<void>;
  /** `null` if the events do nothing. */
  effects(): LaneEffects | null;
}
