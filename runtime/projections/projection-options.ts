import { checkWhole, describe } from '../protocol/names.ts';
import { checkOptions, invalidOption, isRecord } from '../protocol/options.ts';
import type { QueryValues } from '../protocol/reader-control.ts';
import { type AnyProjectionDefinition, isProjectionDefinition } from './define-projection.ts';
import { toSqlValue } from './sql.ts';

/** Options of {@link Runtime.query} and {@link Runtime.projected}. */
export interface QueryOptions {
  /**
   * Waits until the projection has taken in the event at this position, such as `receipt.position` of one's own command.
   * Default: what is there now; but never before the first build is complete.
   */
  readonly after?: number;
  /** Ends the wait at once. A query that has begun ends before its next row, one that has not is passed over. */
  readonly signal?: AbortSignal;
}

/** Options of {@link Runtime.live}. */
export interface LiveOptions extends QueryOptions {
  /** A column whose value is unique in the result: rows with the same value are compared. Default: rows as a whole. */
  readonly key?: string;
}

/** The values of a query: an array for `?`, an object for `:name`, `@name` and `$name`. */
export type QueryParameters = readonly unknown[] | Readonly<Record<string, unknown>>;

/** Checks what every method takes. */
export function checkProjection(
  method: string,
  definition: unknown,
): asserts definition is AnyProjectionDefinition {
  if (isProjectionDefinition(definition)) return;
  throw invalidOption(`${method} takes what defineProjection returned, got ${describe(definition)}.`);
}

/** Checks the options of a query, besides those that a method has of its own. */
export function checkQueryOptions(method: string, options: QueryOptions, more: readonly string[] = []): void {
  checkOptions(method, options, ['after', 'signal', ...more]);
  if (options.after !== undefined) checkWhole('after', options.after);
}

/** The values of a query as they cross threads. */
export function toQueryValues(method: string, sql: unknown, parameters: QueryParameters): QueryValues {
  if (typeof sql !== 'string')
    throw invalidOption(`${method}: the query must be a string, got ${describe(sql)}.`);
  if (Array.isArray(parameters)) return parameters.map(toSqlValue);
  if (!isRecord(parameters))
    throw invalidOption(`${method}: the values must be an array or an object, got ${describe(parameters)}.`);
  const names = Object.keys(parameters);
  const isUnnamed = names.length > 0 && !/[:@$](\w|\P{ASCII})/u.test(sql);
  if (isUnnamed || ('after' in parameters && !/[:@$]after\b/.test(sql))) {
    throw invalidOption(
      `${method}: options come after the values: ${method}(projection, sql, [], { ${names.join(', ')} }).`,
    );
  }
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value], index) => [name, toSqlValue(value, index)]),
  );
}
