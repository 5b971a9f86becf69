import type { Upcasting } from './upcasting.ts';

/** The schema version at which an event for an actor is new today; `null` if no definition of its kind is there. */
export function schemaVersionAt(
  definitions: ReadonlyMap<string, { readonly upcasting: Upcasting } | Error>,
  address: string,
  type: string,
): number | null {
  const receiver = definitions.get(address.slice(0, address.indexOf('/')));
  return receiver === undefined || receiver instanceof Error
    ? null
    : receiver.upcasting.schemaVersionOf(type);
}
