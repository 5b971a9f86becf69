import type { Definitions } from '../../actors/definitions/definition-of.ts';
import { schemaVersionAt } from '../../actors/definitions/schema-version-at.ts';
import type { Entropy } from '../../actors/steps/entropy.ts';
import { holdfastError } from '../errors/holdfast-error.ts';
import { isPromised } from '../protocol/is-async.ts';
import { describe } from '../protocol/names.ts';
import type { LaneEffects, ReactorMessage } from '../protocol/projection.ts';
import { MadeByHandler } from './made-by-handler.ts';
import type { Handled, RangeRun } from './range-run.ts';
import { isSentMessage, type SentMessage, send } from './send.ts';

/** Collects the messages that the events of a range lead to. */
export class CollectedMessages implements RangeRun {
  length = 0;
  readonly #messages: ReactorMessage[] = [];
  readonly #made = new MadeByHandler(send);
  readonly #definitions: Definitions;

  constructor(definitions: Definitions) {
    this.#definitions = definitions;
  }

  add(position: number, handled: readonly Handled[], entropy: Entropy): void {
    const sent = handled.flatMap(({ event, handler }) => {
      this.#made.reset();
      const returned = toMessages(entropy.within(() => handler(event as never, this.#made.make as never)));
      this.#made.check(returned.length, 'send(...)');
      const cause = { correlationId: event.correlationId, causationId: event.eventId };
      return returned.map((message) => {
        const schemaVersion = schemaVersionAt(this.#definitions, message.target, message.type);
        return { position, ...message, schemaVersion, cause };
      });
    });
    for (const message of sent) {
      this.#messages.push(message);
      this.length += message.data.length;
    }
  }

  effects(): LaneEffects | null {
    return this.#messages.length === 0 ? null : { messages: this.#messages };
  }
}

function toMessages(returned: unknown): readonly SentMessage[] {
  if (returned === undefined || returned === null) return [];
  if (isSentMessage(returned)) return [returned];
  if (Array.isArray(returned) && returned.every(isSentMessage)) return returned;
  const got = isPromised(returned) ? 'a promise' : describe(returned);
  throw holdfastError(
    'HOLDFAST_ERR_ARGUMENT_INVALID',
    `The handler returned ${got}; it must return what send(...) made, an array of these, or nothing.`,
  );
}
