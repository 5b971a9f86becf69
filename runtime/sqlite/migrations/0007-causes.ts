/**
 * What led to a timer, a message and an event: the event that asked for it (`causation_id`), and the one that it all
 * began with (`correlation_id`). Events have them in their metadata, by which they are found.
 */
export const causes = `
alter table timers add column correlation_id text;
alter table timers add column causation_id text;
alter table outbox add column correlation_id text;
alter table outbox add column causation_id text;
create index events_by_correlation on events (json_extract(metadata, '$.correlationId')) where metadata is not null;
`;
