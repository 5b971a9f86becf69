import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { CpuPool } from '../../runtime/cpu/pool.ts';
import { systemClock } from '../../runtime/ports/clock.ts';
import type { AppendRequest } from '../../runtime/protocol/append.ts';
import { openForWriting } from '../../runtime/sqlite/connection/open-database.ts';
import { openSqlite, type SqliteDatabase } from '../../runtime/sqlite/driver.ts';
import { IntegrityCheck } from '../../runtime/sqlite/log/integrity-check.ts';
import { LogReader } from '../../runtime/sqlite/log/log-reader.ts';
import { LogWriter } from '../../runtime/sqlite/log/log-writer.ts';
import { verifyLog } from '../../runtime/store/verify-log.ts';
import type { ReaderClient } from '../../runtime/threads/reader-client.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let path: string;
let database: SqliteDatabase;

function appendTo(stream: string, id: string): AppendRequest {
  const metadata = '{"by":"me"}';
  return {
    stream,
    events: [{ id, type: 'noted', schemaVersion: 1, data: `{"id":"${id}"}`, metadata, hash: '' }],
    expectedVersion: 'any',
    expectedHead: null,
    idsAreKeys: true,
    idempotencyKey: null,
    fingerprint: '',
    reply: null,
    snapshot: { version: 1, fingerprint: 'f', state: '{}' },
    consequences: null,
  };
}

beforeEach(() => {
  path = join(temporaryFolder(), 'events.db');
  database = openForWriting({ path, lockTimeoutMs: 0 });
  onTestFinished(() => database.close());
  const writer = new LogWriter(database, { path, lockTimeoutMs: 0, clock: systemClock, run: '' });
  // Positions 1 to 6: a, b, c, a, b, c.
  for (const round of [1, 2])
    writer.appendGroup(['a', 'b', 'c'].map((stream) => appendTo(stream, `${stream}${round}`)));
});

/** Of what kinds `verify` tells. */
async function verified(): Promise<readonly string[]> {
  const check = new IntegrityCheck(database, path);
  const log = new LogReader(database);
  const answers = {
    head: () => log.head(),
    checkFile: () => check.checkFile(),
    sealedPage: (after: number) => check.sealedPage(after),
  };
  const request = async (method: keyof typeof answers, after: number) => answers[method](after);
  const { problems } = await verifyLog({ request } as unknown as ReaderClient, {} as CpuPool, {});
  return [...new Set(problems.map(({ kind }) => kind))].sort();
}

/** Has the events at positions 2 and 3 change their numbers. */
const swap = (column: string) =>
  [
    [-1, 2],
    [2, 3],
    [3, -1],
  ].map(([to, from]) => `update events set ${column} = ${to} where ${column} = ${from}`);

test.each<[what: string, found: readonly string[], sql: readonly string[]]>([
  ['nothing', [], []],
  ['the type of an event', ['hash'], ["update events set type = 'other' where position = 2"]],
  ['the schema version of one', ['hash'], ['update events set schema_version = 2 where position = 2']],
  ['the payload of one', ['hash'], [`update events set data = '{"id":"b2"}' where position = 2`]],
  ['a payload, which is no JSON', ['hash', 'payload'], ["update events set data = '{' where position = 2"]],
  ['the metadata of one', ['hash'], ["update events set metadata = '{}' where position = 2"]],
  ['the hash of one', ['hash'], ["update events set hash = '' where position = 2"]],
  ['the id of the last one of a stream', ['hash'], ["update events set id = 'x' where position = 5"]],
  ['the id of one', ['hash', 'parent'], ["update events set id = 'x' where position = 2"]],
  ['what one follows upon', ['hash', 'parent'], ["update events set parents = 'a1' where position = 5"]],
  ['the version of one', ['version-gap'], ['update events set version = 9 where position = 2']],
  [
    'the position of one',
    ['counter', 'position-gap', 'version-gap'],
    ['update events set position = 9 where position = 3'],
  ],
  ['two positions, in two streams', ['counter'], swap('position')],
  ['the numbers of two', ['counter'], swap('origin_sequence')],
  ['whose event one is', ['counter'], ["update events set origin = 'other' where position = 2"]],
  [
    'that an event is there',
    ['counter', 'position-gap', 'version-gap'],
    ['delete from events where position = 2'],
  ],
  ['that the last event is there', ['counter'], ['delete from events where position = 6']],
  ['the name of a stream', ['hash', 'snapshot'], ["update streams set name = 'x' where name = 'b'"]],
  ['that a stream is there', ['hash', 'snapshot', 'version-gap'], ["delete from streams where name = 'b'"]],
  ['the version of a snapshot', ['snapshot'], ["update snapshots set version = 9 where stream = 'b'"]],
  ['a snapshot, which is no JSON', ['payload'], ["update snapshots set state = '{' where stream = 'b'"]],
  [
    'a state that has more levels than SQLite reads',
    [],
    [`update snapshots set state = '${'['.repeat(2_000)}${']'.repeat(2_000)}' where stream = 'b'`],
  ],
  [
    'an answer under a key, which is no JSON',
    ['payload'],
    ["insert into inbox values ('a', 'key', '', 1, 1, 'a1', '{', 0), ('b', 'key', '', 1, 1, 'b1', null, 0)"],
  ],
  [
    'a timer, which is no JSON',
    ['payload'],
    [
      `insert into timers (stream, actor, name, recipient, type, data, policy, delay_ms, set_at, due_at)
       values ('a', '', 'x', 'a', 'x', '{', 'deadline', 1, 0, 1)`,
    ],
  ],
  [
    'a message, which is no JSON',
    ['payload'],
    ["insert into outbox (sender, target, type, data, sent_at) values ('a', 'b', 'x', '{', 0)"],
  ],
  [
    'a dead letter, which is no JSON',
    ['payload'],
    [
      `insert into dead_letters (address, operation, type, data, reason, recorded_at)
       values ('a', 'send', 'x', '{', 'poison', 0)`,
    ],
  ],
  [
    'an operation, which is no JSON',
    ['payload'],
    [
      `insert into operations (operation_id, queue, name, payload, bytes, fingerprint, priority, state, turn, due_at,
         waits_from, is_scheduled, enqueued_at)
       values ('1', 'outbox', 'deliver', '{', 1, '', 0, 'waiting', 'now', 0, 0, 0, 0)`,
    ],
  ],
  [
    'nothing, beside an operation that is done and keeps its key only',
    [],
    [
      `insert into operations (operation_id, queue, name, payload, bytes, idempotency_key, fingerprint, priority, state,
         due_at, waits_from, is_scheduled, enqueued_at, ended_at)
       values ('1', 'outbox', 'deliver', '', 0, 'key', '', 0, 'done', 0, 0, 0, 0, 0)`,
    ],
  ],
  [
    'a state of a projection, which is no JSON',
    ['payload'],
    ["insert into projection_states values (1, '', '{')"],
  ],
  ['who the replica is', ['counter'], ["update replica set origin = 'other'"]],
  ['how many events it has', ['counter'], ['update replica set last_sequence = 5']],
  ['that the replica is known', ['counter'], ['delete from replica']],
])('verify notices a change of %s', async (_what, found, sql) => {
  const other = openSqlite(path, { readonly: false, busyTimeoutMs: 0 });
  onTestFinished(() => other.close());
  other.exec('pragma foreign_keys = off');
  other.exec('drop trigger events_are_never_changed; drop trigger events_are_never_deleted');

  for (const each of sql) other.exec(each);

  expect(await verified()).toEqual(found);
});
