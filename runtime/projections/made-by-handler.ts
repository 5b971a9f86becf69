import { holdfastError } from '../errors/holdfast-error.ts';

/**
 * Counts what a handler makes with `sql` or `send`. Neither does anything until it is returned, so a handler in braces
 * that forgets the `return` would do nothing, and nobody would hear of it.
 */
export class MadeByHandler<Given extends readonly unknown[], Made> {
  /** What the handler gets: makes, and counts. */
  readonly make: (...given: Given) => Made;
  #made = 0;

  constructor(make: (...given: Given) => Made) {
    this.make = (...given) => {
      const made = make(...given);
      // Not before: of what is refused, a handler may catch the error and return something else.
      this.#made++;
      return made;
    };
  }

  /** Begins with the next handler. */
  reset(): void {
    this.#made = 0;
  }

  /** @throws HOLDFAST_ERR_ARGUMENT_INVALID if the handler made more than it returned. */
  check(returned: number, called: 'sql`...`' | 'send(...)'): void {
    if (returned >= this.#made) return;
    throw holdfastError(
      'HOLDFAST_ERR_ARGUMENT_INVALID',
      `The handler returned ${returned} of ${this.#made} that it made with ${called}; nothing is done with the rest: ` +
        'return it, several as an array.',
    );
  }
}
