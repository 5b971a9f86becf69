import { serialize } from 'node:v8';
import type { Definitions } from '../../actors/definitions/definition-of.ts';
import { Entropy } from '../../actors/steps/entropy.ts';
import { toWireError } from '../errors/wire-error.ts';
import { isInternalType } from '../protocol/internal-type.ts';
import type {
  LaneEffects,
  LaneOutcome,
  LaneRequest,
  LaneResult,
  ProjectionFailure,
  ProjectionSummary,
} from '../protocol/projection.ts';
import type { ProjectionPage, StateAt } from '../protocol/reader-control.ts';
import { readTableDefinitions } from '../sqlite/projections/table-definitions.ts';
import { CollectedMessages } from './collected-messages.ts';
import { CollectedStatements } from './collected-statements.ts';
import type { AnyProjectionDefinition } from './define-projection.ts';
import type { ReactorDefinition } from './define-reactor.ts';
import { FoldedStates, StateUnread } from './folded-states.ts';
import type { ProjectionEvent } from './projection-event.ts';
import type { Handler, HandlerTrace, RangeRun } from './range-run.ts';
import {
  fieldsOfEvent,
  type StoredForProjection,
  storedEventAt,
  storedTypesOf,
} from './stored-for-projection.ts';

/** After so much, what was made of a range is handed on before its end. */
const effectsLengthMax = 8 * 1024 * 1024;
/** States of partitions that are kept in memory from one range to the next. */
const statesMax = 10_000;
/** Keys of events whose handler is remembered. */
const handlersMax = 10_000;

/** Reads the state of a partition of a generation, if its checkpoint is `at`. */
export type ReadGenerationState = (generation: number, partition: string, at: number) => Promise<StateAt>;

/** Turns events into what they do to one projection, with the handlers of its definition. */
export class Projector {
  readonly summary: ProjectionSummary;
  /** Stored types that may concern it; `null` for all. */
  readonly types: readonly string[] | null;
  readonly #definition: AnyProjectionDefinition | ReactorDefinition;
  readonly #definitions: Definitions;
  readonly #handlers = new Map<string, Handler | undefined>();
  readonly #readState: ReadGenerationState;
  #states = new Map<string, unknown>();
  #statesAt = '';

  constructor(
    definition: AnyProjectionDefinition | ReactorDefinition,
    definitions: Definitions,
    readState: ReadGenerationState,
  ) {
    const { name, version, tables, onError } = definition;
    const isReactor = definition.holdfast === 'reactor';
    this.summary = {
      name,
      version,
      tables,
      tableNames: tables === null ? [] : tableNamesOf(name, tables),
      onError,
      ...(isReactor ? { startAt: definition.startAt } : {}),
    };
    this.#definition = definition;
    this.#definitions = definitions;
    this.#readState = readState;
    this.types = storedTypesOf(Object.keys(definition.on), definitions);
  }

  /** What the events of a page do. The trace is told of each handler. */
  async run(request: LaneRequest, page: ProjectionPage, trace: HandlerTrace): Promise<LaneOutcome> {
    if (this.#definition.holdfast === 'reactor') {
      return this.#runWith(new CollectedMessages(this.#definitions), request, page, trace);
    }
    if (this.#definition.tables !== null) {
      return this.#runWith(new CollectedStatements(), request, page, trace);
    }
    try {
      const result = await this.#fold(request, page, trace, false);
      return result ?? ((await this.#fold(request, page, trace, true)) as LaneResult);
    } catch (error) {
      if (!(error instanceof StateUnread)) throw error;
      if (error.cause === undefined) return 'moved';
      throw error.cause;
    }
  }

  /** Resolves with nothing if an event fails and the range was not folded carefully. */
  async #fold(
    request: LaneRequest,
    page: ProjectionPage,
    trace: HandlerTrace,
    carefully: boolean,
  ): Promise<LaneResult | undefined> {
    const { generation, after, from, round } = request;
    // From anywhere but where the last range ended, states are read again; and in another round, before which somebody
    // else may have gone on with them.
    if (this.#statesAt !== `${generation} ${round} ${after}` || this.#states.size > statesMax)
      this.#states = new Map();
    this.#statesAt = '';
    const read = (partition: string) => this.#readState(generation, partition, from);
    const run = new FoldedStates(this.#states, this.#definition as AnyProjectionDefinition, {
      read,
      trace,
      carefully,
    });
    try {
      const result = await this.#runWith(run, request, page, trace);
      const hasFailed = result.failure !== null || result.skipped.length > 0;
      if (hasFailed && !carefully) return undefined;
      this.#statesAt = `${generation} ${round} ${result.reached}`;
      return result;
    } catch (error) {
      // A state that cannot be encoded shows only at the end.
      if (carefully || error instanceof StateUnread) throw error;
      return undefined;
    }
  }

  async #runWith(
    run: RangeRun,
    request: LaneRequest,
    page: ProjectionPage,
    trace: HandlerTrace,
  ): Promise<LaneResult> {
    const skipped: ProjectionFailure[] = [];
    let { reached } = page;
    let failure: ProjectionFailure | null = null;
    for (let at = 0; at < page.events.length; at += fieldsOfEvent) {
      const stored = storedEventAt(page.events, at, this.#definitions);
      try {
        const adding = this.#traced(trace, run, stored, request.skip);
        if (adding !== undefined) await adding;
      } catch (error) {
        if (error instanceof StateUnread) throw error;
        const failed = failureOf(stored, error);
        if (this.summary.onError === 'stop') {
          failure = failed;
          reached = stored.position - 1;
          break;
        }
        skipped.push(failed);
      }
      if (run.length < effectsLengthMax) continue;
      reached = stored.position;
      break;
    }
    const effects = run.effects();
    return { reached, effects: effects === null ? null : serializeToMove(effects), skipped, failure };
  }

  #traced(
    trace: HandlerTrace,
    run: RangeRun,
    stored: StoredForProjection,
    skip: readonly number[],
  ): void | Promise<void> {
    trace.begins(stored.position);
    try {
      return this.#add(run, stored, skip);
    } finally {
      trace.ends();
    }
  }

  #add(run: RangeRun, stored: StoredForProjection, skip: readonly number[]): void | Promise<void> {
    if (skip.includes(stored.position))
      throw new Error('Its handler ended the thread, or never came to its end.');
    const handled = stored.events().flatMap((event) => {
      const handler = this.#handlerOf(event);
      return handler === undefined ? [] : [{ event, handler }];
    });
    return handled.length === 0 ? undefined : run.add(stored.position, handled, new Entropy(stored.seed));
  }

  /** The handler of the event's own key, or that of its kind, or that of all. */
  #handlerOf({ kind, type }: ProjectionEvent): Handler | undefined {
    const key = kind === '' ? type : `${kind}.${type}`;
    if (this.#handlers.has(key)) return this.#handlers.get(key);
    const on = this.#definition.on as unknown as Readonly<Record<string, Handler | undefined>>;
    const general = isInternalType(type) ? undefined : (on[`${kind}.*`] ?? on['*']);
    const handler = Object.hasOwn(on, key) ? on[key] : general;
    if (this.#handlers.size >= handlersMax) this.#handlers.clear();
    this.#handlers.set(key, handler);
    return handler;
  }
}

function failureOf(
  { position, stream, version, type }: StoredForProjection,
  error: unknown,
): ProjectionFailure {
  return { position, stream, version, type, error: toWireError(error) };
}

/** Bytes with a buffer of their own, which can be moved to another thread. */
function serializeToMove(effects: LaneEffects): Uint8Array<ArrayBuffer> {
  const bytes = serialize(effects) as Uint8Array<ArrayBuffer>;
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}

function tableNamesOf(projection: string, sql: string): string[] {
  try {
    return readTableDefinitions(projection, sql).tables.map((table) => table.toLowerCase());
  } catch {
    // The store says so when the projection is opened.
    return [];
  }
}
