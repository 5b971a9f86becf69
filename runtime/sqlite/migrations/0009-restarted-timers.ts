/**
 * Timers of the policy `restart` begin anew when a runtime starts on a file that nobody ran, without being written then:
 * such a timer is due at `timers.due_at`, but not before its whole delay has passed since `running_time.restarted_at`,
 * the running time of that start. `due_at` is moved there when the timer comes up.
 */
export const restartedTimers = `
alter table running_time add column restarted_at integer not null default 0;
drop index timers_that_restart;
`;
