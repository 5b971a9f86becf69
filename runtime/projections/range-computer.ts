import { toWireError } from '../errors/wire-error.ts';
import { limits } from '../protocol/limits.ts';
import type { LaneOutcome, LaneRequest } from '../protocol/projection.ts';
import { type LaneClient, LaneLost } from './lane-client.ts';

type Range = Omit<LaneRequest, 'skip'>;

/** Runs work with a lane that nobody else uses, one at a time. */
export type Alone = <Result>(work: (lane: LaneClient) => Promise<Result>) => Promise<Result>;

/**
 * Computes the ranges of one projection. Where a thread is lost, any handler that has run on it may be to blame, also
 * long after it returned. So whoever had work on it does it again alone, on a thread of its own, and is to blame only
 * if that is lost as well: by an event whose handler was running, which is passed over or stopped at; or by what a
 * handler began and left, which is narrowed down to one event, and stops the projection there.
 */
export class RangeComputer {
  readonly #alone: Alone;
  /** Events whose handler has ended a thread of its own. */
  #deadly: number[] = [];
  /** Up to here ranges are computed alone. */
  #aloneUntil = 0;
  #aloneMax: number = limits.projectionEventsMax;

  constructor(alone: Alone) {
    this.#alone = alone;
  }

  /** Forgets what has ended threads. */
  reset(): void {
    this.#deadly = [];
    this.#aloneUntil = 0;
  }

  /** Rejects with {@link LaneLost} where no handler was to blame, or on `stop`. */
  async compute(range: Range, lane: LaneClient, stop: AbortSignal): Promise<LaneOutcome> {
    if (range.after < this.#aloneUntil) return this.#computeAlone(range, stop);
    try {
      return await this.#computeOn(lane, range);
    } catch (error) {
      if (!(error instanceof LaneLost) || stop.aborted) throw error;
      this.#aloneUntil = Math.max(this.#aloneUntil, range.upTo);
      return this.#computeAlone(range, stop);
    }
  }

  async #computeAlone(range: Range, stop: AbortSignal): Promise<LaneOutcome> {
    const { after } = range;
    for (;;) {
      const upTo = Math.min(range.upTo, after + this.#aloneMax);
      try {
        const outcome = await this.#alone((lane) => this.#computeOn(lane, { ...range, upTo }));
        if (upTo >= this.#aloneUntil) this.#aloneMax = limits.projectionEventsMax;
        return outcome;
      } catch (error) {
        if (!(error instanceof LaneLost) || stop.aborted || !error.hasRun) throw error;
        if (error.position !== undefined) this.#deadly.push(error.position);
        else if (upTo - after > 1) this.#aloneMax = Math.ceil((upTo - after) / 2);
        else return strayed(upTo, after, error);
      }
    }
  }

  #computeOn(lane: LaneClient, range: Range): Promise<LaneOutcome> {
    const skip = this.#deadly.filter((position) => position > range.after && position <= range.upTo);
    return lane.compute({ ...range, skip });
  }
}

/** Stops also a projection that skips: nothing says that this event, and no later one, is all that goes wrong. */
function strayed(position: number, after: number, { message }: LaneLost): LaneOutcome {
  const error = toWireError(new Error(`What its handler began ended the thread later. ${message}`));
  const failure = { position, stream: '', version: 0, type: '', error };
  return { reached: after, effects: null, skipped: [], failure };
}
