/**
 * The event log, snapshots, idempotency keys, the identity of this replica, and dead letters.
 *
 * - `events.position` is arrival order: allocated inside the write transaction as the highest plus one, and rows are
 *   never deleted, so that it has no gap and is never used twice.
 * - `origin`, `origin_sequence`, `hlc_*`, `parents` and `hash` are what merging with other replicas will need; they are
 *   written from the first day, so that no later migration has to rewrite history.
 * - `parents` holds event ids separated by a space, `''` for the first event of a stream.
 */
export const eventLog = `
create table replica (
  replica integer primary key check (replica = 1),
  origin text not null,
  last_sequence integer not null,
  hlc_ms integer not null,
  hlc_counter integer not null
) strict;

create table streams (
  stream_id integer primary key,
  name text not null unique
) strict;

create table events (
  position integer primary key,
  id text not null unique,
  stream_id integer not null references streams (stream_id),
  version integer not null check (version > 0),
  type text not null,
  schema_version integer not null,
  data text not null,
  metadata text,
  origin text not null,
  origin_sequence integer not null,
  hlc_ms integer not null,
  hlc_counter integer not null,
  parents text not null,
  hash text not null,
  recorded_at integer not null,
  unique (stream_id, version)
) strict;

create trigger events_are_never_changed before update on events
begin select raise (abort, 'events are immutable'); end;

create trigger events_are_never_deleted before delete on events
begin select raise (abort, 'events are immutable'); end;

create table snapshots (
  stream text not null,
  owner text not null check (owner in ('actor', 'caller')),
  version integer not null,
  fingerprint text not null,
  state text not null,
  recorded_at integer not null,
  primary key (stream, owner)
) strict, without rowid;

create table inbox (
  stream text not null,
  key text not null,
  fingerprint text not null,
  version integer not null,
  position integer not null,
  head text not null,
  reply text,
  recorded_at integer not null,
  primary key (stream, key)
) strict, without rowid;

create table dead_letters (
  dead_letter_id integer primary key autoincrement,
  address text not null,
  operation text not null,
  type text not null,
  data text not null,
  idempotency_key text,
  reason text not null,
  detail text,
  recorded_at integer not null
) strict;
`;
