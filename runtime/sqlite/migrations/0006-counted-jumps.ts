/**
 * The jumps of the clock that were counted as no running time: every process on the file notices them, and the first one
 * counts them. `jumped_ms` is all of them together, of which only changes matter; `jumped_at` is not used any more.
 */
export const countedJumps = `
alter table running_time add column jumped_at integer not null default 0;
alter table running_time add column jumped_ms integer not null default 0;
`;
