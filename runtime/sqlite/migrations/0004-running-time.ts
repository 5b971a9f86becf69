/**
 * Timers that do not follow the clock are due in running time: the moment without the time in which no runtime had the
 * file open, or the computer slept. Then a start adds to one number instead of moving every timer.
 *
 * - `timers.due_at` is a moment of the clock for the policy `deadline`, and of running time for the others.
 * - `running_time.away_ms` is what the clock is ahead of running time.
 */
export const runningTime = `
create table running_time (
  id integer primary key check (id = 1),
  away_ms integer not null
) strict;

insert into running_time values (1, 0);

drop index timers_by_due;
drop index timers_that_wait;
create index timers_by_due on timers ((policy <> 'deadline'), due_at);
create index timers_in_running_time on timers (set_at) where policy <> 'deadline';
create index timers_that_restart on timers (delay_ms) where policy = 'restart';
`;
