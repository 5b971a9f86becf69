/**
 * Projections: how far each is, and the states of those that fold.
 *
 * - A generation is one making of a projection. While another is built beside it, the old one is served; the new one
 *   takes its place in the transaction that completes it. Generations are never used twice.
 * - The tables of the generation that is served have the names that the application gave them; those of one that is
 *   being built are named `holdfast_<generation>_<name>`, as its indexes are for ever.
 * - `position` is the last event that is in it, written in the transaction that applied it.
 * - `tables` is the SQL that the application gave, or `reactor` for a reactor; `table_names` is a JSON array.
 */
export const projections = `
create table projections (
  generation integer primary key autoincrement,
  name text not null,
  role text not null check (role in ('serving', 'building')),
  version integer not null,
  position integer not null,
  skipped integer not null,
  tables text not null,
  table_names text not null,
  unique (name, role)
) strict;

create table projection_states (
  generation integer not null,
  partition text not null,
  state text not null,
  primary key (generation, partition)
) strict, without rowid;
`;
