import { type HoldfastErrorOf, holdfastError } from '../errors/holdfast-error.ts';
import type { AppendReceipt, AppendRequest } from './append.ts';

/** The error of a key that was used before with other content. */
export function idempotencyConflict(
  stream: string,
  key: string,
): HoldfastErrorOf<'HOLDFAST_ERR_IDEMPOTENCY_CONFLICT'> {
  return holdfastError(
    'HOLDFAST_ERR_IDEMPOTENCY_CONFLICT',
    `"${key}" was used before on ${stream} with other content, and nothing was written. ` +
      'Use a new key for new content; repeat a call with exactly the same content.',
    { stream, key },
  );
}

/** The error of an event id that another event has, in whatever stream. */
function idConflict(
  stream: string,
  key: string,
  there: KnownEvent,
): HoldfastErrorOf<'HOLDFAST_ERR_IDEMPOTENCY_CONFLICT'> {
  return holdfastError(
    'HOLDFAST_ERR_IDEMPOTENCY_CONFLICT',
    `The event id "${key}" is that of version ${there.version} of ${there.stream}, with other content, or beside other events, ` +
      `than what was to be appended to ${stream}. Nothing was written. Give a new event a new id; repeat an append exactly.`,
    { stream, key },
  );
}

/** What a backend knows of an event whose id is in a request. */
export interface KnownEvent {
  readonly stream: string;
  readonly version: number;
  readonly position: number;
  readonly type: string;
  readonly data: string;
  readonly metadata: string | null;
}

/**
 * What a request is whose ids the caller chose, given what is known of each id: a repetition if all events are there,
 * next to each other and with this content; new (`undefined`) if none is there; anything else is a conflict, which
 * names an id that is there. An event whose id the caller did not choose is never there.
 */
export function repeatedByIds(
  request: AppendRequest,
  known: readonly (KnownEvent | undefined)[],
): AppendReceipt | HoldfastErrorOf<'HOLDFAST_ERR_IDEMPOTENCY_CONFLICT'> | undefined {
  const { stream, events } = request;
  let last: KnownEvent | undefined;
  let found = 0;
  for (const [index, event] of events.entries()) {
    const there = known[index];
    if (there === undefined) continue;
    const isNext = last === undefined || there.version === last.version + 1;
    const isSame =
      there.stream === stream &&
      there.type === event.type &&
      there.data === event.data &&
      there.metadata === event.metadata;
    if (!isSame || !isNext) return idConflict(stream, event.id, there);
    last = there;
    found++;
  }
  if (last === undefined) return undefined;
  if (found < events.length) return idConflict(stream, ...firstKnown(request, known));
  const { version, position } = last;
  return { outcome: 'already-appended', version, position, head: events.at(-1)?.id ?? '', reply: null };
}

function firstKnown(
  request: AppendRequest,
  known: readonly (KnownEvent | undefined)[],
): [id: string, there: KnownEvent] {
  const index = known.findIndex((event) => event !== undefined);
  return [request.events[index]?.id ?? '', known[index] as KnownEvent];
}
