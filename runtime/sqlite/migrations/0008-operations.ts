/**
 * Operations of store-and-forward queues.
 *
 * - `sequence` is the place in the order of a queue. It is never used twice, although rows are removed; gaps mean nothing.
 * - `turn` is where a live operation stands: `behind` another one of its order key; `later` and `now` is the first of its
 *   order key, and any without one, before and after `due_at`; `taken` is in the hands of `run`. What was due once stays
 *   due when the clock is moved back. At most one operation of an order key is anything but `behind`, so that a claim
 *   looks at what it may take and at nothing else.
 * - `is_scheduled` tells a `due_at` that the caller has chosen from a backoff, which a drain does not wait for.
 * - `waits_from` is when the wait until `due_at` began: where it lies ahead the clock was moved back, and the wait begins anew.
 * - `starts` counts the claims; `unfinished_starts` those since the last that came to a result.
 * - An operation that is done is removed, but for one with an idempotency key, which leaves its row without the payload.
 * - `operation_keys` has every key under which an operation is known: more than one if others were coalesced into it.
 * - The gauges of `operation_counters` are kept by triggers; `kept` counts the ended ones that are still whole.
 */
export const operations = `
create table operations (
  sequence integer primary key autoincrement,
  operation_id text not null unique,
  queue text not null,
  name text not null,
  payload text not null,
  bytes integer not null,
  idempotency_key text,
  fingerprint text not null,
  order_key text,
  coalesce_key text,
  priority integer not null,
  state text not null
    check (state in ('waiting', 'running', 'done', 'dead', 'parked', 'expired', 'cancelled')),
  turn text check (turn in ('behind', 'later', 'now', 'taken')),
  due_at integer not null,
  waits_from integer not null,
  is_scheduled integer not null check (is_scheduled in (0, 1)),
  for_network integer not null default 0 check (for_network in (0, 1)),
  expires_at integer,
  attempts integer not null default 0,
  starts integer not null default 0,
  unfinished_starts integer not null default 0,
  run text,
  enqueued_at integer not null,
  ended_at integer,
  last_error text,
  check ((turn is null) = (state not in ('waiting', 'running'))),
  check ((turn is 'taken') = (state = 'running') and (run is null) = (state <> 'running')),
  check ((ended_at is null) = (turn is not null))
) strict;

create index operations_by_state on operations (queue, state, sequence);
create index operations_now on operations (queue, name, priority desc, sequence) where turn = 'now';
create index operations_later on operations (queue, name, is_scheduled, due_at) where turn = 'later';
create index operations_waiting on operations (queue, name, waits_from) where turn = 'later';
create index operations_in_line on operations (queue, order_key, turn, sequence)
  where order_key is not null and turn is not null;
create index operations_taken on operations (queue, run, sequence) where turn = 'taken';
create index operations_expiring on operations (queue, expires_at) where state = 'waiting' and expires_at is not null;
create index operations_for_network on operations (queue, sequence) where for_network = 1;
create index operations_coalescing on operations (queue, coalesce_key, sequence)
  where coalesce_key is not null and state = 'waiting' and starts = 0;
create index operations_done on operations (queue, ended_at) where state = 'done';
create index operations_kept on operations (queue, ended_at, sequence) where ended_at is not null and state <> 'done';

create table operation_keys (
  queue text not null,
  key text not null,
  fingerprint text not null,
  sequence integer not null,
  primary key (queue, key)
) strict, without rowid;

create index operation_keys_by_operation on operation_keys (sequence);

create table operation_counters (
  queue text primary key,
  last_sequence integer not null default 0,
  queued integer not null default 0,
  replayed integer not null default 0,
  failed integer not null default 0,
  dead integer not null default 0,
  parked integer not null default 0,
  expired integer not null default 0,
  cancelled integer not null default 0,
  dropped integer not null default 0,
  coalesced integer not null default 0,
  depth integer not null default 0,
  running integer not null default 0,
  bytes integer not null default 0,
  kept integer not null default 0
) strict, without rowid;

create trigger operations_are_counted after insert on operations
begin
  insert or ignore into operation_counters (queue) values (new.queue);
  update operation_counters
  set last_sequence = new.sequence, queued = queued + 1, depth = depth + 1, bytes = bytes + new.bytes
  where queue = new.queue;
end;

create trigger operations_are_recounted after update of state, bytes on operations
begin
  update operation_counters
  set depth = depth + (new.turn is not null) - (old.turn is not null),
    running = running + (new.state = 'running') - (old.state = 'running'),
    bytes = bytes + iif(new.turn is null, 0, new.bytes) - iif(old.turn is null, 0, old.bytes),
    kept = kept + (new.turn is null and new.state <> 'done') - (old.turn is null and old.state <> 'done')
  where queue = new.queue;
end;

create trigger operations_are_discounted after delete on operations
begin
  update operation_counters
  set depth = depth - (old.turn is not null), running = running - (old.state = 'running'),
    bytes = bytes - iif(old.turn is null, 0, old.bytes), kept = kept - (old.turn is null and old.state <> 'done')
  where queue = old.queue;
  delete from operation_keys where sequence = old.sequence;
end;
`;
