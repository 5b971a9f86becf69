/**
 * What is known of the death that made a command a dead letter, and what it takes to send it again as it was.
 *
 * - `cause` is one word of `runtime/protocol/host-death.ts`, to count and search by; `evidence` is JSON with the rest.
 */
export const deadLetterEvidence = `
alter table dead_letters add column metadata text;
alter table dead_letters add column expected_version integer;
alter table dead_letters add column cause text;
alter table dead_letters add column evidence text;
create index dead_letters_by_key on dead_letters (address, idempotency_key) where idempotency_key is not null;
`;
