import { sha256 } from './sha256.ts';

/** What the hash of an event covers. */
export interface SealedContent {
  readonly id: string;
  readonly stream: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: string;
  readonly metadata: string | null;
}

/**
 * The content hash of an event: SHA-256 in hex over its canonical bytes and its parents, the ids of the events it was
 * decided upon (normally the one before it in its stream). It makes a re-delivered event recognisable, and a damaged
 * or replaced one detectable. Fields are separated by a character that names and ids cannot hold, payloads come last.
 */
export function sealEvent(event: SealedContent, parents: string): string {
  return sha256(
    `${event.id}\n${event.stream}\n${event.type}\n${event.schemaVersion}\n${parents}\n${event.data}\n${event.metadata ?? ''}`,
  );
}
