import { describe } from '../../protocol/names.ts';
import { invalidOption } from '../../protocol/options.ts';
import { SimulationRandom } from './random.ts';

/** What can go wrong, each with what it can go wrong at. */
export const faultKinds = [
  'hostCrash',
  'processCrash',
  'lostDelivery',
  'duplicateDelivery',
  'delayedMessage',
  'diskError',
  'slowDisk',
  'clockJump',
  'passivate',
] as const;

/** A kind of fault. */
export type FaultKind = (typeof faultKinds)[number];

/**
 * How often a fault happens: its probability at each occasion, from 0 to 1; or the very occasions at which it happens,
 * counted from 1, as the replay of a failure names them.
 */
export type FaultRate = number | readonly number[];

/** The faults of a simulation. What is not named does not happen. */
export interface SimulationFaults {
  /** The thread of a host ends, at any await of what runs there. An occasion is a task of a host. */
  readonly hostCrash?: FaultRate;
  /** The process ends, and is started again some time later: only what is durable is left. An occasion is any task. */
  readonly processCrash?: FaultRate;
  /** A timer or message does not reach its actor in time, and is delivered again. */
  readonly lostDelivery?: FaultRate;
  /** A timer or message is delivered twice, as two processes on one file may. */
  readonly duplicateDelivery?: FaultRate;
  /** A message between two threads takes up to a second. */
  readonly delayedMessage?: FaultRate;
  /** A commit fails: the disk is full or broken for one to five commits. */
  readonly diskError?: FaultRate;
  /** A commit takes up to two seconds. */
  readonly slowDisk?: FaultRate;
  /** The clock on the wall is set, up to an hour forward or back. An occasion is any task. */
  readonly clockJump?: FaultRate;
  /** Idle actors are dropped from memory. An occasion is a task of a host. */
  readonly passivate?: FaultRate;
}

/** Refuses faults that there are not, and rates that are none. */
export function checkFaults(owner: string, faults: SimulationFaults): void {
  for (const kind of faultKinds) {
    const rate = faults[kind];
    if (rate === undefined || isRate(rate)) continue;
    throw invalidOption(
      `${owner}: "${kind}" must be a probability from 0 to 1, or the occasions as an array of whole numbers from 1, got ` +
        `${describe(rate)}.`,
    );
  }
}

function isRate(rate: unknown): boolean {
  if (typeof rate === 'number') return rate >= 0 && rate <= 1;
  return Array.isArray(rate) && rate.every((at) => Number.isSafeInteger(at) && at >= 1);
}

/** The occasions at which faults happen, by kind. */
export type FaultOccasions = { readonly [Kind in FaultKind]?: readonly number[] };

/**
 * Decides which faults happen. Each kind draws for itself, and the details of each fault by its occasion, so that leaving
 * one out changes nothing about the others.
 */
export class Faults {
  readonly #seed: number;
  readonly #rates: SimulationFaults;
  readonly #chances = new Map<FaultKind, SimulationRandom>();
  readonly #seen = new Map<FaultKind, number>();
  readonly #happened = new Map<FaultKind, number[]>();
  /** Nothing goes wrong any more. */
  isOver = false;

  constructor(seed: number, rates: SimulationFaults) {
    this.#seed = seed;
    this.#rates = rates;
    for (const kind of faultKinds) this.#chances.set(kind, new SimulationRandom(seed, kind));
  }

  /** What is to be drawn from for the details, if the fault happens at this occasion. */
  next(kind: FaultKind): SimulationRandom | undefined {
    const rate = this.#rates[kind];
    if (rate === undefined || this.isOver) return undefined;
    const occasion = (this.#seen.get(kind) ?? 0) + 1;
    this.#seen.set(kind, occasion);
    const happens =
      typeof rate === 'number' ? this.#chances.get(kind)?.chance(rate) === true : rate.includes(occasion);
    if (!happens) return undefined;
    const known = this.#happened.get(kind);
    if (known === undefined) this.#happened.set(kind, [occasion]);
    else known.push(occasion);
    return new SimulationRandom(this.#seed, `${kind} ${occasion}`);
  }

  get happened(): FaultOccasions {
    return Object.fromEntries(this.#happened);
  }
}
