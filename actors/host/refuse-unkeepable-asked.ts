import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import { encode } from '../../runtime/protocol/codec.ts';
import { describe } from '../../runtime/protocol/names.ts';
import type { HostedDefinition } from '../definitions/hosted-definition.ts';
import type { Asked } from '../steps/asked.ts';
import { toMessage, toTimerChange } from './consequences-of.ts';

/**
 * Refuses what a transition asks for if it could not be written with it: a decision for which nobody waits has to say so
 * itself, before it is taken.
 *
 * @throws HOLDFAST_ERR_PAYLOAD_INVALID, HOLDFAST_ERR_PAYLOAD_TOO_LARGE.
 */
export function refuseUnkeepableAsked(asked: Asked, hosted: HostedDefinition): void {
  refuseUnkeepableEmitted(asked);
  for (const timer of asked.timers) toTimerChange(timer, hosted);
  for (const message of asked.messages) toMessage(message, hosted);
}

/** The same for emitted events, which are not written: they could not be told. */
export function refuseUnkeepableEmitted({ effects }: Asked): void {
  for (const effect of effects) {
    if (effect.kind !== 'emit') continue;
    const event: unknown = effect.event;
    if (typeof (event as { type?: unknown } | null | undefined)?.type !== 'string')
      throw holdfastError(
        'HOLDFAST_ERR_PAYLOAD_INVALID',
        `A machine emits events such as { type: 'created' }, got ${describe(event)}. Nothing was written.`,
        { path: 'emit' },
      );
    encode(event, `emit "${effect.event.type}"`);
  }
}
