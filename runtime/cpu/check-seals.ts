import type { IntegrityProblem } from '../ports/event-store-backend.ts';
import { isJson } from '../protocol/is-json.ts';
import type { SealedRow } from '../protocol/reader-control.ts';
import { sealEvent } from '../protocol/seal-event.ts';

/** Compares events with their seals, and looks whether their payloads can be read. */
export function checkSeals(rows: readonly SealedRow[]): IntegrityProblem[] {
  const problems: IntegrityProblem[] = [];
  for (const [position, id, stream, , type, schemaVersion, data, metadata, parents, hash] of rows) {
    if (hash !== sealEvent({ id, stream, type, schemaVersion, data, metadata }, parents)) {
      problems.push({
        kind: 'hash',
        message: `Event ${position} (${id} of ${stream}) is not what was written.`,
      });
    }
    for (const payload of [data, metadata ?? 'null']) {
      if (!isJson(payload)) {
        problems.push({
          kind: 'payload',
          message: `A payload of event ${position} (${id} of ${stream}) is not JSON.`,
        });
      }
    }
  }
  return problems;
}
