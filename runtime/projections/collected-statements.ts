import type { Entropy } from '../../actors/steps/entropy.ts';
import { holdfastError } from '../errors/holdfast-error.ts';
import { isPromised } from '../protocol/is-async.ts';
import { describe } from '../protocol/names.ts';
import type { LaneEffects } from '../protocol/projection.ts';
import { MadeByHandler } from './made-by-handler.ts';
import type { Handled, RangeRun } from './range-run.ts';
import { isSqlStatement, type SqlStatement, sql } from './sql.ts';

/** Collects the statements that the events of a range make. */
export class CollectedStatements implements RangeRun {
  length = 0;
  readonly #indexes = new Map<string, number>();
  readonly #calls: unknown[] = [];
  readonly #made = new MadeByHandler(sql);

  add(position: number, handled: readonly Handled[], entropy: Entropy): void {
    const made = this.#made;
    const statements = handled.flatMap(({ event, handler }) => {
      made.reset();
      const returned = toStatements(entropy.within(() => handler(event as never, made.make as never)));
      made.check(returned.length, 'sql`...`');
      return returned;
    });
    if (statements.length === 0) return;
    const calls = this.#calls;
    calls.push(position, statements.length);
    for (const { text, values } of statements) {
      let index = this.#indexes.get(text);
      if (index === undefined) {
        index = this.#indexes.size;
        this.#indexes.set(text, index);
      }
      calls.push(index, values.length);
      for (const value of values) {
        calls.push(value);
        this.length += typeof value === 'string' ? value.length : 16;
      }
    }
  }

  effects(): LaneEffects | null {
    return this.#calls.length === 0 ? null : { texts: [...this.#indexes.keys()], calls: this.#calls };
  }
}

function toStatements(returned: unknown): readonly SqlStatement[] {
  if (returned === undefined || returned === null) return [];
  if (isSqlStatement(returned)) return [returned];
  if (Array.isArray(returned) && returned.every(isSqlStatement)) return returned;
  const got = isPromised(returned) ? 'a promise' : describe(returned);
  throw holdfastError(
    'HOLDFAST_ERR_ARGUMENT_INVALID',
    `The handler returned ${got}; it must return what sql\`...\` made, an array of these, or nothing.`,
  );
}
