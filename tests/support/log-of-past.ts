import { createEventId } from '../../runtime/protocol/event-id.ts';
import type { PastEvent } from './arbitrary-past.ts';
import { foreignAppend } from './hosted-actor.ts';
import { InMemoryHostLog } from './in-memory-host-log.ts';
import { address } from './one-actor.ts';

/** A log that holds a past of the one actor. */
export async function logOfPast(stored: readonly PastEvent[]): Promise<InMemoryHostLog> {
  const log = new InMemoryHostLog();
  for (const { type, schemaVersion, payload } of stored) {
    const request = foreignAppend(address, type, payload);
    const events = request.events.map((event) => ({ ...event, id: createEventId(), schemaVersion }));
    await log.appendNow({ ...request, events });
  }
  return log;
}
