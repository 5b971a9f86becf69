import type {
  LaneOutcome,
  LaneResult,
  ProjectionApplied,
  ProjectionBatch,
  ProjectionFailure,
} from '../protocol/projection.ts';

/** Positions without anything to apply after which a checkpoint is moved all the same. */
const idleCheckpoint = 4_096;

/** What a feed needs from around it. */
export interface FeedPorts {
  /** Computes what the events after a position up to another do; `from` is the checkpoint of the generation. */
  compute(after: number, upTo: number, from: number): Promise<LaneOutcome>;
  apply(batch: ProjectionBatch): Promise<ProjectionApplied>;
  /** The last position of the log. */
  head(): number;
  /** Resolves when the log has grown beyond a position, or on `stop`. */
  grownBeyond(position: number): Promise<void>;
  readonly stop: AbortSignal;
  /** Told of every step: the last event that is in, and whether anything has changed. */
  onMoved(position: number, hasChanged: boolean, applied: ProjectionApplied | undefined): void;
  onSkipped(skipped: readonly ProjectionFailure[]): void;
}

/** How a feed goes about its work. */
export interface FeedOptions {
  readonly name: string;
  readonly generation: number;
  readonly position: number;
  readonly isBuilding: boolean;
  readonly skipsRefused: boolean;
  /** Events of one range. */
  readonly rangeMax: number;
  /** Ranges that are computed at once, in any order; they are applied in order. */
  readonly ahead: number;
}

/** Why a feed has ended. */
export type FeedEnd =
  | { readonly end: 'complete' }
  /** Somebody else has gone on with the generation, or replaced it. */
  | { readonly end: 'moved' }
  | { readonly end: 'stopped'; readonly result: LaneResult; readonly applied: ProjectionApplied | undefined };

interface Range {
  readonly upTo: number;
  readonly result: Promise<LaneOutcome>;
}

/**
 * Brings one generation of a projection up to the log: ranges are computed ahead and applied in order, each with its
 * checkpoint. One that is being built is put to service at the end of the log; the others go on following it.
 */
export async function feed(options: FeedOptions, ports: FeedPorts): Promise<FeedEnd> {
  const { name, generation, isBuilding, skipsRefused, rangeMax, ahead } = options;
  const ranges: Range[] = [];
  let persisted = options.position;
  let reached = options.position;
  let asked = options.position;
  const ask = (after: number, upTo: number): Range => {
    const result = ports.compute(after, upTo, persisted);
    result.catch(() => undefined);
    return { upTo, result };
  };
  const apply = (to: number, result: LaneResult | undefined, isLast: boolean) =>
    ports.apply({
      name,
      generation,
      from: persisted,
      to,
      effects: result?.effects ?? null,
      skipped: result?.skipped.map(({ position }) => position) ?? [],
      isLast,
      skipsRefused,
    });

  while (!ports.stop.aborted) {
    while (ranges.length < ahead && asked < ports.head()) {
      const upTo = Math.min(asked + rangeMax, ports.head());
      ranges.push(ask(asked, upTo));
      asked = upTo;
    }
    const range = ranges.shift();
    if (range === undefined) {
      if (isBuilding) {
        const applied = await apply(reached, undefined, true);
        if (applied.outcome === 'moved') return { end: 'moved' };
        persisted = applied.position;
        ports.onMoved(reached, false, applied);
        if (applied.isServing) return { end: 'complete' };
        // What is served is further on: the log has events that were not heard of here yet.
      }
      await ports.grownBeyond(asked);
      continue;
    }
    const result = await range.result;
    if (result === 'moved') return { end: 'moved' };
    reached = result.reached;
    const isPartial = (): boolean => reached < range.upTo && result.failure === null;
    const hasWork = result.effects !== null || result.skipped.length > 0;
    const isLast =
      isBuilding && result.failure === null && !isPartial() && ranges.length === 0 && asked >= ports.head();
    if (!hasWork && !isLast && result.failure === null && reached - persisted < idleCheckpoint) {
      if (isPartial()) ranges.unshift(ask(reached, range.upTo));
      ports.onMoved(reached, false, undefined);
      continue;
    }
    const applied = await apply(reached, result, isLast);
    if (applied.outcome === 'moved') return { end: 'moved' };
    const isCutShort = applied.position < reached && applied.failure === null;
    persisted = applied.position;
    reached = applied.position;
    const skipped = result.skipped.filter(({ position }) => position <= reached);
    if (skipped.length > 0) ports.onSkipped(skipped);
    ports.onMoved(persisted, applied.hasChanged, applied);
    if (applied.failure !== null || (result.failure !== null && !isCutShort)) {
      return { end: 'stopped', result, applied };
    }
    if (isBuilding && applied.isServing) return { end: 'complete' };
    // Asked only now: what is folded goes on from what is in the file.
    if (reached < range.upTo) ranges.unshift(ask(reached, range.upTo));
  }
  return { end: 'moved' };
}
