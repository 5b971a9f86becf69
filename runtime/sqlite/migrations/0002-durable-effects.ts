/**
 * What machines ask for besides their events: timers, messages between actors, and work under way; and the runs of
 * runtimes on the file, which tell whose work was interrupted.
 *
 * - Ids are never used twice, so that a delivery which comes late cannot take another row for its own.
 * - `timers.recipient` is JSON: `{"actor":path}` in the same tree, or `{"address":"kind/id"}`.
 * - A timer and a message are deleted by the append that holds what came of them.
 * - `work` has a row for each stream whose newest state has invoked work under way.
 * - `runs.seen_at` is when the run was last known to live: at its end, or at its last sign of life.
 */
export const durableEffects = `
create table timers (
  timer_id integer primary key autoincrement,
  stream text not null,
  actor text not null,
  name text not null,
  recipient text not null,
  type text not null,
  data text not null,
  policy text not null check (policy in ('deadline', 'remaining', 'restart')),
  delay_ms integer not null,
  set_at integer not null,
  due_at integer not null,
  unique (stream, actor, name)
) strict;

create index timers_by_due on timers (due_at);
create index timers_that_wait on timers (timer_id) where policy <> 'deadline';

create table outbox (
  message_id integer primary key autoincrement,
  sender text not null,
  target text not null,
  type text not null,
  data text not null,
  sent_at integer not null
) strict;

create table work (
  stream text primary key,
  owner text not null
) strict, without rowid;

create table runs (
  run text primary key,
  pid integer not null,
  process text not null,
  seen_at integer not null,
  has_ended integer not null check (has_ended in (0, 1))
) strict, without rowid;
`;
