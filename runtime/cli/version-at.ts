import type { EventStoreBackend } from '../ports/event-store-backend.ts';

/**
 * The last version of a stream that lies at or before a position of the log; 0 for none. Found by a few reads: events of a
 * stream have their positions in the order of their versions.
 */
export async function versionAt(
  backend: Pick<EventStoreBackend, 'readStream'>,
  stream: string,
  position: number,
): Promise<number> {
  const last = { after: Number.MAX_SAFE_INTEGER, limit: 1, direction: 'backward' } as const;
  let before = 0;
  let upTo = position === 0 ? 0 : ((await backend.readStream(stream, last))[0]?.version ?? 0);
  while (before < upTo) {
    const version = Math.ceil((before + upTo) / 2);
    const one = { after: version - 1, limit: 1, direction: 'forward' } as const;
    const [event] = await backend.readStream(stream, one);
    if (event !== undefined && event.position <= position) before = version;
    else upTo = version - 1;
  }
  return before;
}
