/**
 * At which schema version a delayed event or a message waits, so that it passes through the upcasters of its receiver as
 * an event of the log does. Null for what is for a part of a tree, for an actor whose definition the sender did not
 * have, or older: that is taken as it is.
 */
export const schemaOfWhatWaits = `
alter table timers add column schema_version integer;
alter table outbox add column schema_version integer;
`;
