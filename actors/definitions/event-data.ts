/** The payload of an event: the event without its type. */
export type EventData<Event, Type> = Omit<Extract<Event, { type: Type }>, 'type'>;
