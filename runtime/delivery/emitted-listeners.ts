import { parseAddress } from '../protocol/address.ts';
import { decode } from '../protocol/codec.ts';

/** An event that an actor has emitted. */
export interface Emitted<Event = { readonly type: string }> {
  /** `kind/id`. */
  readonly address: string;
  readonly id: string;
  readonly event: Event;
}

type Handler = (emitted: Emitted) => void;

/** Who listens to what actors emit, by kind and type of event; `*` stands for all types. */
export class EmittedListeners {
  readonly #handlers = new Map<string, Map<string, Set<Handler>>>();

  add(kind: string, type: string, handler: Handler): () => void {
    const ofKind = this.#handlers.get(kind) ?? new Map<string, Set<Handler>>();
    this.#handlers.set(kind, ofKind);
    const ofType = ofKind.get(type) ?? new Set<Handler>();
    ofKind.set(type, ofType);
    // The same function may listen twice.
    const own: Handler = (emitted) => handler(emitted);
    ofType.add(own);
    return () => {
      ofType.delete(own);
    };
  }

  tell(address: string, text: string): void {
    const { kind, id } = parseAddress(address);
    const ofKind = this.#handlers.get(kind);
    if (ofKind === undefined) return;
    const event = decode(text) as { type: string };
    for (const type of [event.type, '*']) {
      for (const handler of [...(ofKind.get(type) ?? [])]) call(handler, { address, id, event });
    }
  }
}

/** One that throws is an uncaught exception of the application, and does not keep the others from hearing. */
function call(handler: Handler, emitted: Emitted): void {
  try {
    handler(emitted);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
