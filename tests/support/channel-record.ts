import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { onTestFinished } from 'vitest';

/** Everything that is published on a channel from now on, or what of it is meant. */
export class ChannelRecord<Message> {
  readonly messages: Message[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(name: string, isMeant: (message: Message) => boolean = () => true) {
    const listener = (message: unknown): void => {
      if (!isMeant(message as Message)) return;
      this.messages.push(message as Message);
      for (const wake of this.#waiting) wake();
    };
    subscribe(name, listener);
    onTestFinished(() => {
      unsubscribe(name, listener);
    });
  }

  /** Resolves with the message of this number, from 1, when it has come. */
  async nth(number: number): Promise<Message> {
    while (this.messages.length < number) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
    return this.messages[number - 1] as Message;
  }
}

/** What `holdfast:host:died` publishes. */
export interface HostDied {
  readonly host: number;
  readonly generation: number;
  readonly cause: string;
  readonly reason: string;
  readonly unanswered: number;
}
