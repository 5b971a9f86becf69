/** An event as a projection sees it: the shape of today, whatever shape it was stored in. */
export interface ProjectionEvent<Type extends string = string, Data = Readonly<Record<string, unknown>>> {
  /** Id of the actor: what follows the kind in the name of its stream; the whole name where there is no kind. */
  readonly id: string;
  /** Kind of the actor; `''` for a stream whose name has no slash. */
  readonly kind: string;
  readonly stream: string;
  /** Place in the stream. */
  readonly version: number;
  /** Place in the log, in order of arrival. */
  readonly position: number;
  readonly type: Type;
  /** The payload, without the type. */
  readonly data: Data;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly eventId: string;
  /** The id of the event that everything began with which led to this one; its own if it began with this one. */
  readonly correlationId: string;
  /** The id of the event that led to this one; `null` for a beginning. */
  readonly causationId: string | null;
  /** When it was recorded, by the clock of the machine. */
  readonly recordedAt: Date;
}
