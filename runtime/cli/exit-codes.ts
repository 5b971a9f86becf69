/** What the command line ends with. */
export const exitCodes = {
  done: 0,
  failed: 1,
  notUnderstood: 2,
  /** What was looked at has problems: `verify`, `rehearse`, `doctor`. */
  problems: 3,
  interrupted: 130,
} as const;

/** Something was asked for that the command line does not understand. */
export class UsageError extends Error {}
