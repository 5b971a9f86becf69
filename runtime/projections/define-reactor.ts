import type { AnyAggregateDefinition } from '../../actors/definitions/define-aggregate.ts';
import { checkName } from '../protocol/names.ts';
import { checkOneOf, checkOptions } from '../protocol/options.ts';
import { checkHandlers } from './check-handlers.ts';
import type { AnyProjectionDefinition, EventsOf, ProjectionErrorPolicy } from './define-projection.ts';
import type { ProjectionEvent } from './projection-event.ts';
import type { Send, SentMessage } from './send.ts';

/** Turns an event into messages to actors. Pure: it may run more than once for an event, and is heeded once. */
export type ReactorHandler<Type extends string = string, Data = Readonly<Record<string, unknown>>> = (
  event: ProjectionEvent<Type, Data>,
  send: Send,
) => SentMessage | readonly SentMessage[] | null | undefined;

type ReactorHandlers<From extends readonly AnyAggregateDefinition[]> = From extends readonly []
  ? { readonly [Key in string]: ReactorHandler }
  : {
      readonly [Key in keyof EventsOf<From>]?: EventsOf<From>[Key] extends {
        readonly type: infer Type extends string;
        readonly data: infer Data;
      }
        ? ReactorHandler<Type, Data>
        : never;
    } & { readonly [Key in `${From[number]['kind']}.*` | '*']?: ReactorHandler };

/** Options of {@link defineReactor}. */
export interface ReactorOptions<From extends readonly AnyAggregateDefinition[]> {
  /** As that of a projection. */
  readonly from?: From;
  /**
   * Where it begins in a file that has not seen it before: `beginning` with the first event there is, `now` with the
   * next one after it is first loaded, which is shortly after the first actor is used. Default `beginning`.
   */
  readonly startAt?: 'beginning' | 'now';
  /** As that of a projection. */
  readonly onError?: ProjectionErrorPolicy;
  /** What each event leads to, by the same keys as those of a projection. */
  readonly on: ReactorHandlers<From>;
}

/** What {@link defineReactor} returns: plain data, safe to import on any thread. */
export interface ReactorDefinition extends Omit<AnyProjectionDefinition, 'holdfast' | 'on'> {
  readonly holdfast: 'reactor';
  readonly startAt: 'beginning' | 'now';
  readonly on: { readonly [Key in string]: ReactorHandler };
}

/**
 * Defines a reactor: what follows from events, whoever has them. Its handlers see every event once, in order of arrival,
 * and answer with messages to actors, which are written with its checkpoint and delivered as messages between actors
 * are: each handled exactly once. What reaches the world beside the file is invoked work of the receiver.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID, HOLDFAST_ERR_ARGUMENT_INVALID for a name that is none.
 *
 * @example
 * export const greeter = defineReactor('greeter', {
 *   on: {
 *     'customer.registered': ({ id, data }, send) =>
 *       send(addressOf('mailer', 'main'), { type: 'greet', customer: id, to: data.email }),
 *   },
 * });
 */
export function defineReactor<const From extends readonly AnyAggregateDefinition[] = readonly []>(
  name: string,
  options: ReactorOptions<From>,
): ReactorDefinition {
  checkName('The name of a reactor', name);
  const owner = `defineReactor('${name}')`;
  checkOptions(owner, options, ['from', 'startAt', 'onError', 'on']);
  const { startAt = 'beginning', onError = 'stop', on, from } = options;
  checkOneOf(owner, 'startAt', startAt, ['beginning', 'now']);
  checkOneOf(owner, 'onError', onError, ['stop', 'skip']);
  checkHandlers(owner, on, from);
  return Object.freeze({
    holdfast: 'reactor',
    name,
    version: 1,
    onError,
    startAt,
    tables: null,
    initial: null,
    partition: null,
    on: on as ReactorDefinition['on'],
  });
}

/** Whether a value, such as an export of a module, is a definition of a reactor. */
export function isReactorDefinition(value: unknown): value is ReactorDefinition {
  return (value as { holdfast?: unknown } | null | undefined)?.holdfast === 'reactor';
}
