import type { Measurement, Task } from './measurement.ts';

/** A program that does one measurement in a process of its own. */
export interface Contender {
  readonly name: string;
  /** File in `contenders/`. */
  readonly program: string;
  readonly task?: Partial<Task>;
  readonly nodeArgs?: readonly string[];
  /** Measures, instead of what the program says, the time from its start until it says it, in milliseconds. */
  readonly timesStart?: boolean;
}

/** The measurements of one round, by name of the contender. */
export type Round = ReadonlyMap<string, Measurement>;

/** A promise about a figure that is computed from the contenders of one round. */
export interface Budget {
  readonly what: string;
  /** Of the figure; `''` for a ratio. */
  readonly unit: string;
  readonly figure: (value: (contender: string) => number) => number;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** Contenders that are measured side by side, and what is promised of them. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** How to read the figures, for `RESULTS.md`. */
  readonly note: string;
  readonly rounds: number;
  readonly contenders: readonly Contender[];
  readonly budgets: readonly Budget[];
  /** Makes the database of `task.database` at a path, once for all rounds. */
  readonly prepare?: (path: string, shrink: Shrink) => Promise<void>;
}

/** Makes the amount of work smaller for `--quick`. */
export type Shrink = (size: number) => number;

/** A budget for how many times faster or slower one contender is than another. */
export function ratio(
  of: string,
  to: string,
  limit: { readonly atLeast: number } | { readonly atMost: number },
): Budget {
  return { what: `${of} / ${to}`, unit: '', figure: (value) => value(of) / value(to), ...limit };
}

/** A budget for how much more one contender takes than another. */
export function over(of: string, base: string, unit: string, atMost: number): Budget {
  return { what: `${of} over ${base}`, unit, figure: (value) => value(of) - value(base), atMost };
}
