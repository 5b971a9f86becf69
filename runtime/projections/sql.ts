import { holdfastError } from '../errors/holdfast-error.ts';
import { describe } from '../protocol/names.ts';

/** A value as SQLite keeps it. */
export type SqlValue = string | number | bigint | null | Uint8Array;

/** One statement with its values apart from it, made by {@link Sql}. */
export interface SqlStatement {
  /** The statement, with a `?` for each value. */
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/**
 * The tag of a template that is a statement. What stands in `${}` is bound as a value, and so never becomes SQL. Takes
 * strings, numbers, bigints, booleans (1 or 0), dates (milliseconds since 1970), bytes and `null`.
 */
export type Sql = (strings: TemplateStringsArray, ...values: readonly unknown[]) => SqlStatement;

const texts = new WeakMap<TemplateStringsArray, string>();

/** Makes a statement of a template. */
export const sql: Sql = (strings, ...values) => {
  let text = texts.get(strings);
  if (text === undefined) {
    // The space keeps a digit that follows from becoming the number of the value.
    text = strings.join('? ').trim();
    texts.set(strings, text);
  }
  return new Statement(text, values.map(toSqlValue));
};

class Statement implements SqlStatement {
  readonly text: string;
  readonly values: readonly SqlValue[];

  constructor(text: string, values: readonly SqlValue[]) {
    this.text = text;
    this.values = values;
  }
}

/** Whether a value was made by {@link sql}. */
export function isSqlStatement(value: unknown): value is SqlStatement {
  return value instanceof Statement;
}

/** The value that is bound for what was given. */
export function toSqlValue(value: unknown, index: number): SqlValue {
  switch (typeof value) {
    case 'string':
      if (value.isWellFormed()) return value;
      throw invalid(index, 'is a string with half a surrogate pair, which SQLite cannot keep');
    case 'number':
      if (!Number.isNaN(value)) return value;
      throw invalid(index, 'is NaN, which SQLite would make null');
    case 'bigint':
      if (BigInt.asIntN(64, value) === value) return value;
      throw invalid(index, 'is a bigint of more than 64 bits, which SQLite cannot keep');
    case 'boolean':
      return value ? 1 : 0;
    case 'object':
      if (value === null) return value;
      // A copy: it leaves the thread later, when a buffer may have been written to, or given away.
      if (value instanceof Uint8Array && !(value.buffer as ArrayBuffer).detached)
        return new Uint8Array(value);
      if (value instanceof Date && !Number.isNaN(value.getTime())) return value.getTime();
      throw invalid(index, `is ${describe(value)}; give JSON.stringify of it`);
    case 'undefined':
      throw invalid(index, 'is undefined; give null for no value');
    default:
      throw invalid(index, `is ${describe(value)}, which SQLite cannot keep`);
  }
}

function invalid(index: number, problem: string): Error {
  return holdfastError(
    'HOLDFAST_ERR_ARGUMENT_INVALID',
    `Value ${index + 1} of the SQL statement ${problem}.`,
  );
}
