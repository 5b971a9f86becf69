import type { AnyAggregateDefinition } from '../../actors/definitions/define-aggregate.ts';
import type { EventData } from '../../actors/definitions/event-data.ts';
import type { EventFromLogic } from '../../actors/xstate-adapter.ts';
import { checkName } from '../protocol/names.ts';
import {
  checkFunction,
  checkOneOf,
  checkOptions,
  checkWholeOption,
  invalidOption,
} from '../protocol/options.ts';
import { checkHandlers } from './check-handlers.ts';
import type { ProjectionEvent } from './projection-event.ts';
import type { Sql, SqlStatement } from './sql.ts';

/** What a projection does with an event whose handler throws, or whose statement SQLite refuses. */
export type ProjectionErrorPolicy = 'stop' | 'skip';

/** Turns an event into the statements that apply it. Pure: it may run more than once for the same event. */
export type TableHandler<Type extends string = string, Data = Readonly<Record<string, unknown>>> = (
  event: ProjectionEvent<Type, Data>,
  sql: Sql,
) => SqlStatement | readonly SqlStatement[] | null | undefined;

/**
 * Folds an event into the state before it. Pure, as a reducer is; may change the state in place and return it, if that
 * does not hold an object in two places, which are two objects after a restart. That a state cannot be kept shows when it
 * has to be: after this event, or up to two thousand later.
 */
export type FoldHandler<State, Type extends string = string, Data = Readonly<Record<string, unknown>>> = (
  state: State,
  event: ProjectionEvent<Type, Data>,
) => State;

/** The events of definitions by their keys, `kind.type`. */
export type EventsOf<From extends readonly AnyAggregateDefinition[]> = UnionToIntersection<
  {
    [Index in keyof From]: {
      [Type in EventFromLogic<From[Index]['machine']>['type'] as `${From[Index]['kind']}.${Type}`]: {
        readonly type: Type;
        readonly data: EventData<EventFromLogic<From[Index]['machine']>, Type>;
      };
    };
  }[number]
>;

type UnionToIntersection<Union> = (Union extends unknown ? (each: Union) => void : never) extends (
  each: infer Intersection,
) => void
  ? Intersection
  : never;

type TableHandlers<From extends readonly AnyAggregateDefinition[]> = From extends readonly []
  ? { readonly [Key in string]: TableHandler }
  : {
      readonly [Key in keyof EventsOf<From>]?: EventsOf<From>[Key] extends {
        readonly type: infer Type extends string;
        readonly data: infer Data;
      }
        ? TableHandler<Type, Data>
        : never;
    } & { readonly [Key in `${From[number]['kind']}.*` | '*']?: TableHandler };

type FoldHandlers<State, From extends readonly AnyAggregateDefinition[]> = From extends readonly []
  ? { readonly [Key in string]: FoldHandler<State> }
  : {
      readonly [Key in keyof EventsOf<From>]?: EventsOf<From>[Key] extends {
        readonly type: infer Type extends string;
        readonly data: infer Data;
      }
        ? FoldHandler<State, Type, Data>
        : never;
    } & { readonly [Key in `${From[number]['kind']}.*` | '*']?: FoldHandler<State> };

interface CommonOptions<From extends readonly AnyAggregateDefinition[]> {
  /**
   * Raise it when what the handlers do, or `tables`, has changed: the projection is then built anew from the first
   * event, while what there was is still served.
   */
  readonly version: number;
  /**
   * The definitions whose events it is about: for the types of its handlers, and to refuse a key that is like one of their
   * events and is none. Default: none, and payloads are unknown.
   */
  readonly from?: From;
  /**
   * `stop` (the default): an event that fails stops this projection before it, visible in `health()`, until the next
   * start or rebuild. `skip`: it is passed over, counted, and published on `holdfast:projection:skipped`.
   */
  readonly onError?: ProjectionErrorPolicy;
}

/** Options of a projection into tables. */
export interface TableProjectionOptions<From extends readonly AnyAggregateDefinition[]>
  extends CommonOptions<From> {
  /**
   * The `create table`, `create virtual table ... using fts5(...)` and `create index` statements of its tables, which
   * are its own: nobody else writes to them.
   */
  readonly tables: string;
  /**
   * What each event does, by `kind.type`; `kind.*` is for all other events of a kind, `*` for all others. An event of a
   * stream without a slash in its name goes by its type alone.
   */
  readonly on: TableHandlers<From>;
}

/** Options of a projection into a state that is folded. */
export interface FoldProjectionOptions<State, From extends readonly AnyAggregateDefinition[]>
  extends CommonOptions<From> {
  /** The state before the first event, of which each state gets a copy. */
  readonly initial: () => State;
  /** How each event changes the state, by the same keys as those of tables. */
  readonly on: FoldHandlers<State, From>;
  /**
   * Keeps a state of its own for each key that this gives; an event without a key changes none. Default: one state, under
   * the key `''`.
   */
  readonly partition?: (event: ProjectionEvent) => string | undefined;
}

/** What {@link defineProjection} returns: plain data, safe to import on any thread. */
export interface ProjectionDefinition<State = unknown> {
  readonly holdfast: 'projection';
  readonly name: string;
  readonly version: number;
  readonly onError: ProjectionErrorPolicy;
  /** `null` for a projection that folds a state. */
  readonly tables: string | null;
  readonly initial: (() => State) | null;
  readonly partition: ((event: ProjectionEvent) => string | undefined) | null;
  readonly on: { readonly [Key in string]: TableHandler | FoldHandler<State> };
}

type GivenOptions = Omit<CommonOptions<readonly AnyAggregateDefinition[]>, 'version'> & {
  readonly version?: number;
  readonly tables?: string;
  readonly initial?: () => unknown;
  readonly partition?: (event: ProjectionEvent) => string | undefined;
  readonly on: unknown;
};

/** Any definition of a projection, whatever its state. */
export type AnyProjectionDefinition = ProjectionDefinition<
  // biome-ignore lint/suspicious/noExplicitAny: the state stands in parameter positions, where nothing narrower fits
  any
>;

const commonNames = ['version', 'from', 'onError', 'on'];
const tableNames = [...commonNames, 'tables'];
const foldNames = [...commonNames, 'initial', 'partition'];

/**
 * Defines a projection: what the events of the log add up to, as tables to query or as a state. Export the result from a
 * module that is given to `createRuntime({ modules })`. Handlers run on a thread of their own and are pure.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID, also for a key in `on` that is like one of an event in `from` and is none;
 * HOLDFAST_ERR_ARGUMENT_INVALID for a name that is none.
 *
 * @example
 * export const titles = defineProjection('titles', {
 *   version: 1,
 *   tables: `create table titles (id text primary key, title text not null) strict`,
 *   on: { 'document.created': ({ id, data }, sql) => sql`insert into titles values (${id}, ${data.title})` },
 * });
 */
export function defineProjection<State, const From extends readonly AnyAggregateDefinition[] = readonly []>(
  name: string,
  options: FoldProjectionOptions<State, From>,
): ProjectionDefinition<State>;
export function defineProjection<const From extends readonly AnyAggregateDefinition[] = readonly []>(
  name: string,
  options: TableProjectionOptions<From>,
): ProjectionDefinition<undefined>;
export function defineProjection(name: string, given: object): AnyProjectionDefinition {
  checkName('The name of a projection', name);
  const owner = `defineProjection('${name}')`;
  const isFold = Object(given).initial !== undefined;
  if (isFold && Object(given).tables !== undefined)
    throw invalidOption(`${owner} takes "tables" (SQL) or "initial" (a function), got both.`);
  checkOptions(owner, given, isFold ? foldNames : [...tableNames, 'initial']);
  const { version, onError = 'stop', tables, initial, partition, on, from } = given as GivenOptions;
  if (version === undefined) throw invalidOption(`${owner}: "version" is missing. Begin with 1.`);
  checkWholeOption(owner, 'version', version, 1);
  checkOneOf(owner, 'onError', onError, ['stop', 'skip']);
  if (initial === undefined && (typeof tables !== 'string' || tables.trim() === ''))
    throw invalidOption(`${owner} takes "tables" (SQL) or "initial" (a function), got neither.`);
  checkFunction(owner, 'initial', initial);
  checkFunction(owner, 'partition', partition);
  checkHandlers(owner, on, from);
  return Object.freeze({
    holdfast: 'projection',
    name,
    version,
    onError,
    tables: tables ?? null,
    initial: initial ?? null,
    partition: partition ?? null,
    on: on as AnyProjectionDefinition['on'],
  });
}

/** Whether a value, such as an export of a module, is a definition of a projection. */
export function isProjectionDefinition(value: unknown): value is AnyProjectionDefinition {
  return (value as { holdfast?: unknown } | null | undefined)?.holdfast === 'projection';
}
