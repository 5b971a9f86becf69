/** A promise that was not kept: of the runtime, or of the definitions. */
export class Violation extends Error {
  readonly invariant: string;

  constructor(invariant: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.invariant = invariant;
  }
}

/** A simulation that does not go on. */
export class Stall extends Error {
  readonly waiting: { readonly timers: number; readonly messages: number; readonly work: number };

  constructor(message: string, waiting: Stall['waiting']) {
    super(message);
    this.waiting = waiting;
  }
}

/** A simulation in which something goes on for ever. */
export class Restless extends Stall {}
