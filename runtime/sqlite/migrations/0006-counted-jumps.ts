/**
 * The last jump of the clock that was counted as no running time: every process on the file notices it, and the first
 * one counts it. `jumped_at` is when, by the clock after the jump; `jumped_ms` is by how much.
 */
export const countedJumps = `
alter table running_time add column jumped_at integer not null default 0;
alter table running_time add column jumped_ms integer not null default 0;
`;
