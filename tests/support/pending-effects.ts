import type { Consequences } from '../../runtime/protocol/consequences.ts';
import type { NewDeadLetter } from '../../runtime/protocol/dead-letter.ts';
import type { Consumed, PendingDelivery } from '../../runtime/protocol/delivery.ts';

interface Timer {
  readonly id: number;
  readonly stream: string;
  readonly actor: string;
  /** Who in the tree it is for; `undefined` for another actor. */
  readonly recipient: string | undefined;
  readonly name: string;
  readonly dueAt: number;
  readonly delivery: PendingDelivery;
}

/** Timers, messages and work in memory, on a clock that the test moves: what the tables of the database hold. */
export class PendingEffects {
  now = 0;
  readonly work = new Set<string>();
  /** Messages that were not accepted. */
  readonly letters: NewDeadLetter[] = [];
  #timers: Timer[] = [];
  #messages: PendingDelivery[] = [];
  #lastId = 0;

  isGone({ from, id }: Consumed): boolean {
    const rows: readonly { id: number }[] = from === 'timers' ? this.#timers : this.#messages;
    return !rows.some((row) => row.id === id);
  }

  apply(stream: string, { consumed, timers, messages, hasWork, deadLetter }: Consequences): void {
    if (deadLetter !== null) this.letters.push(deadLetter);
    if (consumed?.from === 'timers') this.#timers = this.#timers.filter(({ id }) => id !== consumed.id);
    if (consumed?.from === 'outbox') this.#messages = this.#messages.filter(({ id }) => id !== consumed.id);
    for (const timer of timers) {
      const { actor } = timer;
      this.#timers = this.#timers.filter(
        (other) =>
          other.stream !== stream ||
          (timer.change === 'cancel-all'
            ? other.actor !== actor && other.recipient !== actor
            : other.actor !== actor || other.name !== timer.name),
      );
      if (timer.change !== 'set') continue;
      const { name, to, type, data, schemaVersion, delayMs } = timer;
      const id = ++this.#lastId;
      const place = 'actor' in to ? { actor: to.actor, passOnTo: null } : { actor, passOnTo: to.address };
      const delivery: PendingDelivery = {
        from: 'timers',
        id,
        address: stream,
        sender: null,
        type,
        data,
        schemaVersion,
        ...place,
      };
      const recipient = 'actor' in to ? to.actor : undefined;
      this.#timers.push({ id, stream, actor, recipient, name, dueAt: this.now + delayMs, delivery });
    }
    for (const { target: address, type, data, schemaVersion } of messages) {
      const id = ++this.#lastId;
      const place = { actor: '', passOnTo: null, sender: stream };
      this.#messages.push({ from: 'outbox', id, address, type, data, schemaVersion, ...place });
    }
    if (hasWork === true) this.work.add(stream);
    if (hasWork === false) this.work.delete(stream);
  }

  /** Timers whose moment has come, in the order of their moments. */
  due(): PendingDelivery[] {
    return this.#timers
      .filter(({ dueAt }) => dueAt <= this.now)
      .sort((a, b) => a.dueAt - b.dueAt || a.id - b.id)
      .map(({ delivery }) => delivery);
  }

  /** The moment of the next timer; `undefined` if there is none. */
  nextDueAt(): number | undefined {
    return this.#timers.length === 0 ? undefined : Math.min(...this.#timers.map(({ dueAt }) => dueAt));
  }

  /** Messages that wait, in order. */
  messages(): readonly PendingDelivery[] {
    return this.#messages;
  }

  /** Names of the timers of an actor. */
  timersOf(stream: string): string[] {
    return this.#timers.filter((timer) => timer.stream === stream).map(({ name }) => name);
  }
}
