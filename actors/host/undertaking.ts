import type { Cause } from '../../runtime/protocol/cause.ts';
import type { HostRequest } from '../../runtime/protocol/host-messages.ts';
import type { NewEntry } from '../journal.ts';
import type { Effect } from '../steps/asked.ts';
import type { Place } from './resident.ts';

/** One decision on its way to the disk. */
export interface Undertaking {
  readonly request: HostRequest;
  readonly after: Place;
  readonly events: readonly NewEntry[];
  readonly effects: readonly Effect[];
  readonly cause: Cause | null;
  /** Whether the log tells the sender itself if it was appended. */
  isAnswered: boolean;
}
