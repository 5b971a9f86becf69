import type { AnyAggregateDefinition } from '../../../actors/definitions/define-aggregate.ts';
import type { StandardSchema } from '../../../actors/definitions/standard-schema.ts';
import { validate } from '../../../actors/definitions/validate.ts';
import { toEvent } from '../../../actors/journal.ts';
import type { MachineEvent } from '../../../actors/xstate-adapter.ts';
import { isHoldfastError } from '../../errors/holdfast-error.ts';
import { encode } from '../../protocol/codec.ts';

/**
 * An event as the machine hears it: what its schema makes of it. `undefined` if the schema refuses it; what the schema throws
 * is thrown.
 */
export function heardEvent(
  { events }: AnyAggregateDefinition,
  event: MachineEvent,
): MachineEvent | undefined {
  const { type, ...payload } = event;
  const schema = (events as Readonly<Record<string, StandardSchema | undefined>>)[type];
  if (schema === undefined) return event;
  try {
    return toEvent(type, encode(validate(schema, payload, type)));
  } catch (error) {
    if (isHoldfastError(error)) return undefined;
    throw error;
  }
}
