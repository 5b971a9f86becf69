import { emittedDropped } from '../observability/channels.ts';
import { parseAddress } from '../protocol/address.ts';
import { decode } from '../protocol/codec.ts';
import { EmittedGauge } from '../protocol/emitted-gauge.ts';

/** An event that an actor has emitted. */
export interface Emitted<Event = { readonly type: string }> {
  /** `kind/id`. */
  readonly address: string;
  readonly id: string;
  readonly event: Event;
}

type Handler = (emitted: Emitted) => void;
type Told = [address: string, text: string];

/** How long listeners may take before others have their turn, in milliseconds. */
const turnMs = 5;

/** Who listens to what actors emit, by kind and type of event; `*` stands for all types. */
export class EmittedListeners {
  /** What the host threads look at before they send. */
  readonly gauge = new EmittedGauge();
  readonly #handlers = new Map<string, Map<string, Set<Handler>>>();
  readonly #queue: Told[] = [];

  add(kind: string, type: string, handler: Handler): () => void {
    const ofKind = this.#handlers.get(kind) ?? new Map<string, Set<Handler>>();
    this.#handlers.set(kind, ofKind);
    const ofType = ofKind.get(type) ?? new Set<Handler>();
    ofKind.set(type, ofType);
    // The same function may listen twice.
    const own: Handler = (emitted) => handler(emitted);
    ofType.add(own);
    this.gauge.listen(1);
    return () => {
      if (ofType.delete(own)) this.gauge.listen(-1);
    };
  }

  /** Has the listeners hear an event, soon and in order: they take turns with whatever else the thread has to do. */
  tell(address: string, text: string): void {
    if (this.#queue.push([address, text]) === 1) setImmediate(() => this.#tellQueued());
  }

  #tellQueued(): void {
    const until = performance.now() + turnMs;
    let told = 0;
    while (told < this.#queue.length && performance.now() < until)
      this.#tell(...(this.#queue[told++] as Told));
    this.#queue.splice(0, told);
    if (this.#queue.length > 0) setImmediate(() => this.#tellQueued());
  }

  #tell(address: string, text: string): void {
    this.gauge.heard();
    const dropped = this.gauge.takeDropped();
    if (dropped > 0) emittedDropped.publish({ count: dropped });
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
