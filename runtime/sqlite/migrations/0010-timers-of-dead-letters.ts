/**
 * Of which timer a dead letter is, as JSON: who in the tree had set it (`actor`), its `name`, and whom it is for (`to`), as
 * in `timers`. Null if it is of none, or older.
 */
export const timersOfDeadLetters = `
alter table dead_letters add column timer text;
`;
