import type { Progress } from '../ports/event-store-backend.ts';
import { checkName } from '../protocol/names.ts';
import { checkOptions, invalidOption } from '../protocol/options.ts';
import type { QueryValues } from '../protocol/reader-control.ts';
import { stoppable } from '../stoppable.ts';
import type { AnyProjectionDefinition, ProjectionDefinition } from './define-projection.ts';
import type { LiveRows } from './live-query.ts';
import {
  checkProjection,
  checkQueryOptions,
  type LiveOptions,
  type QueryOptions,
  type QueryParameters,
  toQueryValues,
} from './projection-options.ts';
import type { Projections } from './projections.ts';

/** What a runtime can be asked about its projections. */
export abstract class Queryable {
  /** The projections, loaded when they are first needed. @internal */
  protected abstract projections(): Promise<Projections>;

  /**
   * The rows that a query finds in the tables of a projection, or in any others of the file, on a connection that cannot
   * write. Waits for the first build of the projection, and for the event at `after`, such as that of one's own command.
   *
   * Integers come as numbers, and as bigints where a number would be inexact; blobs as `Uint8Array`. At most 100,000
   * rows and 256 Mi characters and bytes in them. Queries run one after the other, beside everything else.
   *
   * @throws HOLDFAST_ERR_PROJECTION_UNKNOWN, _INVALID, _NEWER; HOLDFAST_ERR_PROJECTION_FAILED where the projection stopped
   * before `after`; HOLDFAST_ERR_QUERY_INVALID, HOLDFAST_ERR_QUERY_TOO_LARGE, HOLDFAST_ERR_CLOSED, the reason of the signal.
   *
   * @example
   * const { position } = await plan.send({ type: 'created', title: 'Plan' });
   * const rows = await runtime.query<{ id: string }>(titles, 'select id from titles where title = ?', ['Plan'], {
   *   after: position,
   * });
   */
  async query<Row extends object = Record<string, unknown>>(
    projection: AnyProjectionDefinition,
    sql: string,
    values: QueryParameters = [],
    options: QueryOptions = {},
  ): Promise<Row[]> {
    checkProjection('query', projection);
    checkQueryOptions('query', options);
    const given = toQueryValues('query', sql, values);
    return (await (await this.projections()).query(projection, sql, given, options)) as Row[];
  }

  /**
   * What a query finds now, and again whenever that or its order changes, with what was added, removed and, with a `key`
   * (a column of the query), changed. It is run again when a projection has changed whose tables it names; what changes while
   * the caller is busy is seen together. Ends without an error on abort and on close. Throws what {@link query} throws, and
   * HOLDFAST_ERR_OPTION_INVALID with the first row if that has no such column.
   *
   * @example
   * for await (const { rows, added } of runtime.live(titles, 'select * from titles', [], { key: 'id', signal })) {
   *   render(rows, added);
   * }
   */
  live<Row extends object = Record<string, unknown>>(
    projection: AnyProjectionDefinition,
    sql: string,
    values: QueryParameters = [],
    options: LiveOptions = {},
  ): AsyncGenerator<LiveRows<Row>, void, void> {
    checkProjection('live', projection);
    checkQueryOptions('live', options, ['key']);
    if (options.key !== undefined) checkName('key', options.key);
    const given = toQueryValues('live', sql, values);
    return stoppable((stop) => this.#live<Row>(projection, sql, given, options, stop), options.signal);
  }

  async *#live<Row>(
    projection: AnyProjectionDefinition,
    sql: string,
    values: QueryValues,
    options: LiveOptions,
    stop: AbortSignal,
  ): AsyncGenerator<LiveRows<Row>, void, void> {
    const live = (await this.projections()).live(projection, sql, values, options, stop);
    yield* live as AsyncGenerator<LiveRows<Row>, void, void>;
  }

  /**
   * The state of a projection that folds: of a partition, or the one that it has. `undefined` where no event has changed
   * it so far. A projection with partitions needs one, and another takes none. Waits as {@link query} does, and throws
   * the same.
   */
  async projected<State>(
    projection: ProjectionDefinition<State>,
    options: QueryOptions & { readonly partition?: string } = {},
  ): Promise<State | undefined> {
    checkProjection('projected', projection);
    checkQueryOptions('projected', options, ['partition']);
    if (projection.initial === null)
      throw invalidOption(`"${projection.name}" has tables and no state: ask it with query().`);
    const { partition = '', ...rest } = options;
    if (projection.partition === null ? partition !== '' : typeof options.partition !== 'string') {
      throw invalidOption(
        projection.partition === null
          ? `"${projection.name}" has no partitions: leave "partition" out.`
          : `"${projection.name}" has a state for each partition: say which with "partition".`,
      );
    }
    return (await this.projections()).state(projection, partition, rest);
  }

  /**
   * Builds a projection anew from the first event, also one whose version has not changed, while what there is of it is
   * served. Begins when it is first iterated, yields how far that is, and ends when the new one is served. What is then not
   * waited for goes on by itself, also after a restart.
   *
   * @throws as {@link query} does.
   *
   * @example
   * for await (const { done, total } of runtime.rebuild(titles)) console.log(`${done} of ${total} events`);
   */
  rebuild(
    projection: AnyProjectionDefinition,
    options: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<Progress, void, void> {
    checkProjection('rebuild', projection);
    checkOptions('rebuild', options, ['signal']);
    const { signal } = options;
    return stoppable((stop) => this.#rebuild(projection, signal, stop), signal);
  }

  async *#rebuild(
    projection: AnyProjectionDefinition,
    signal: AbortSignal | undefined,
    stop: AbortSignal,
  ): AsyncGenerator<Progress, void, void> {
    try {
      yield* (await this.projections()).rebuild(projection, stop);
    } catch (error) {
      // Who has left by `return` waits for nothing.
      if (!stop.aborted || signal?.aborted) throw error;
    }
  }
}
