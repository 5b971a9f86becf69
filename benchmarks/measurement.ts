/** What the harness hands to a contender as its only argument, as JSON. */
export interface Task {
  /** An empty folder of its own, removed by the harness. */
  readonly folder: string;
  /** A database that the scenario has prepared; `''` if it has none. */
  readonly database: string;
  /** How much work, in the unit of the scenario. */
  readonly size: number;
  /** Commands, rows or messages under way at once, or in one transaction. */
  readonly inFlight: number;
  /** What a program measures that can measure several things; `''` for one that cannot. */
  readonly subject: string;
}

/** What one process measured: printed by a contender as its last line, as JSON. */
export interface Measurement {
  readonly value: number;
  readonly unit: string;
  /** Further figures of the same run, each with its unit in its name. */
  readonly detail: Readonly<Record<string, number>>;
}

/** The task of this process. */
export function readTask(): Task {
  return JSON.parse(process.argv[2] ?? '{}') as Task;
}

/** Hands the measurement to the harness. */
export function report(measurement: Measurement): void {
  console.log(JSON.stringify(measurement));
}

/** The value below which the share `q` of a list lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

/** The middle of a list; between the two middle ones if there are two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
