/**
 * At which schema version the event of a dead letter is, so that it passes through the upcasters of its actor when it is
 * requeued. Null for what a caller sent, which is sent again as it is, and for what is older.
 */
export const schemaOfDeadLetters = `
alter table dead_letters add column schema_version integer;
`;
