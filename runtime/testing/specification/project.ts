import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize } from 'node:v8';
import type { AnyAggregateDefinition } from '../../../actors/definitions/define-aggregate.ts';
import { HostedDefinition } from '../../../actors/definitions/hosted-definition.ts';
import { toEvent } from '../../../actors/journal.ts';
import { holdfastError } from '../../errors/holdfast-error.ts';
import { fromWireError, type WireError } from '../../errors/wire-error.ts';
import { systemClock } from '../../ports/clock.ts';
import type { AnyProjectionDefinition } from '../../projections/define-projection.ts';
import type { ReactorDefinition } from '../../projections/define-reactor.ts';
import { toQueryValues } from '../../projections/projection-options.ts';
import { Projector } from '../../projections/projector.ts';
import { decode } from '../../protocol/codec.ts';
import { invalidOption } from '../../protocol/options.ts';
import type { LaneEffects, LaneResult } from '../../protocol/projection.ts';
import { openForWriting } from '../../sqlite/connection/open-database.ts';
import type { SqliteDatabase } from '../../sqlite/driver.ts';
import { LogWriter } from '../../sqlite/log/log-writer.ts';
import { ProjectionReader } from '../../sqlite/projections/projection-reader.ts';
import { ProjectionWriter } from '../../sqlite/projections/projection-writer.ts';
import { Queries } from '../../sqlite/projections/query.ts';
import { encodeEvents } from '../../store/encode-events.ts';
import type { LogEvent, Question } from './projection-specification.ts';

const noTrace = { begins: () => undefined, ends: () => undefined };

/** What a projection comes to over some events, or what a reactor sends: in a log of its own, on the calling thread. */
export async function project(
  definition: AnyProjectionDefinition | ReactorDefinition,
  events: readonly LogEvent[],
  from: readonly AnyAggregateDefinition[],
  question: Question | undefined,
): Promise<unknown> {
  checkQuestion(definition, question);
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-specification-'));
  const path = join(folder, 'log.db');
  let database: SqliteDatabase | undefined;
  try {
    database = openForWriting({ path, lockTimeoutMs: 0 });
    const log = new LogWriter(database, { path, lockTimeoutMs: 0, clock: systemClock, run: '' });
    const hosted = new Map(from.map((each) => [each.kind, new HostedDefinition(each)]));
    append(log, events, hosted);
    const reader = new ProjectionReader(database);
    const projector = new Projector(definition, hosted, async (generation, partition, at) =>
      reader.stateAt(generation, partition, at),
    );
    return await answer(database, log, reader, projector, question);
  } finally {
    database?.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function append(
  log: LogWriter,
  events: readonly LogEvent[],
  hosted: ReadonlyMap<string, HostedDefinition>,
): void {
  for (const { stream, type, data, metadata, schemaVersion } of events) {
    const ofToday = hosted.get(stream.slice(0, stream.indexOf('/')))?.upcasting.schemaVersionOf(type);
    const event = {
      type,
      data: data ?? {},
      ...(metadata === undefined ? {} : { metadata }),
      schemaVersion: schemaVersion ?? ofToday ?? 1,
    };
    const encoded = encodeEvents([event]);
    const [outcome] = log.appendGroup([
      {
        stream,
        events: encoded.events,
        expectedVersion: 'any',
        expectedHead: null,
        idsAreKeys: false,
        idempotencyKey: null,
        fingerprint: '',
        reply: null,
        snapshot: null,
        consequences: null,
      },
    ]);
    if (outcome instanceof Error) throw outcome;
  }
}

/** Applies all events, and then answers what is asked. */
async function answer(
  database: SqliteDatabase,
  log: LogWriter,
  reader: ProjectionReader,
  projector: Projector,
  question: Question | undefined,
): Promise<unknown> {
  const { summary } = projector;
  const writer = new ProjectionWriter(database, log, systemClock, () => undefined);
  const isReactor = summary.startAt !== undefined;
  const { serving, building } = isReactor ? { serving: null, building: null } : writer.open(summary);
  const generation = (building ?? serving)?.generation ?? 0;
  const messages: unknown[] = [];
  for (let position = 0, isLast = false; !isLast; ) {
    const page = reader.page({ after: position, upTo: log.position, types: projector.types });
    const request = {
      name: summary.name,
      generation,
      after: position,
      upTo: log.position,
      from: position,
      round: 1,
      skip: [],
    };
    const result = (await projector.run(request, page, noTrace)) as LaneResult;
    if (result.failure !== null) throw failed(summary.name, result.failure);
    isLast = result.reached >= log.position;
    if (isReactor) {
      messages.push(...messagesOf(result));
      position = result.reached;
      continue;
    }
    const applied = writer.apply({
      name: summary.name,
      generation,
      from: position,
      to: result.reached,
      effects: result.effects,
      skipped: result.skipped.map((each) => each.position),
      isLast,
      skipsRefused: summary.onError === 'skip',
    });
    if (applied.outcome === 'moved')
      throw holdfastError('HOLDFAST_ERR_INVARIANT', 'A log of its own was moved.');
    if (applied.failure !== null) throw failed(summary.name, applied.failure);
    position = applied.position;
    // A large range is applied in turns.
    isLast = position >= log.position;
  }
  if (isReactor) return messages;
  if (question !== undefined && 'sql' in question)
    return new Queries(database).run(
      question.sql,
      toQueryValues('when', question.sql, question.values),
      () => false,
    );
  const text = reader.state(generation, question?.partition ?? '');
  return text === undefined ? undefined : decode(text);
}

function messagesOf({ effects }: LaneResult): object[] {
  if (effects === null) return [];
  const { messages } = deserialize(effects) as Extract<LaneEffects, { messages: unknown }>;
  return messages.map(({ target, type, data }) => ({ to: target, event: toEvent(type, data) }));
}

function failed(projection: string, { position, error }: { position: number; error: WireError }): Error {
  const cause = fromWireError(error);
  return holdfastError(
    'HOLDFAST_ERR_PROJECTION_FAILED',
    `"${projection}" failed on the event at position ${position}: ${cause.message}`,
    { projection, position },
    cause,
  );
}

function checkQuestion(
  definition: AnyProjectionDefinition | ReactorDefinition,
  question: Question | undefined,
): void {
  const isQuery = question !== undefined && 'sql' in question;
  if (definition.tables !== null && !isQuery)
    throw invalidOption(`"${definition.name}" keeps tables: ask for rows with when('select ...').`);
  if (definition.tables === null && isQuery)
    throw invalidOption(`"${definition.name}" keeps no tables: leave when('select ...') out.`);
}
