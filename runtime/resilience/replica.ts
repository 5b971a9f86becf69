import type { Router } from '../hosts/router.ts';
import { toAddress } from '../protocol/address.ts';
import { decode, encode } from '../protocol/codec.ts';
import { blankRequest, type HostReceipt, type HostRequest } from '../protocol/host-messages.ts';
import { holdProcess } from '../waiting/hold-process.ts';

/** How long after a failure an actor is followed again, in milliseconds. */
const againAfterMs = 1_000;

/** What a replica is made of. */
export interface ReplicaOptions<Input> {
  readonly router: Router;
  readonly kind: string;
  readonly id: string;
  readonly input: Input;
  /** Called after every change, before whoever caused it is answered. */
  readonly onChange: () => void;
  /** Called when the actor has begun, also again after its thread has died: it is to be told what it has to know. */
  readonly onBegun?: () => void;
}

/**
 * The newest state of a volatile actor, here in the main thread, where it can be asked without waiting. The actor is
 * started when it is first needed, and again whenever its thread has died.
 */
export class Replica<State, Context, Event extends { readonly type: string }, Input> {
  readonly #options: ReplicaOptions<Input>;
  readonly #address: string;
  #state: State | undefined;
  #context: Context | undefined;
  /** Whether its thread knows nothing of it. */
  #isAbsent = true;
  #beginning: Promise<void> | undefined;
  #onKnown: (() => void) | undefined;
  #stop: (() => void) | undefined;
  #again: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: ReplicaOptions<Input>) {
    this.#options = options;
    this.#address = toAddress(options.kind, options.id);
  }

  /** `undefined` until the actor has begun. */
  get state(): State | undefined {
    return this.#state;
  }

  get context(): Context | undefined {
    return this.#context;
  }

  /** Has the actor run. Rejects if no thread can host it; the next call tries again. */
  begin(): Promise<void> {
    this.#beginning ??= this.#begin().catch((error: unknown) => {
      this.#beginning = undefined;
      throw error;
    });
    return this.#beginning;
  }

  /** Tells the actor something. Resolves with whether it accepted it, and then its newest state is known here. */
  async send(event: Event): Promise<boolean> {
    const { type, ...data } = event;
    await this.begin();
    return this.#request('send', type, encode(data, type));
  }

  /** Tells the actor something that nobody waits for. What does not arrive is told again when the actor begins anew. */
  tell(event: Event): void {
    this.send(event).catch(() => undefined);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#again);
    this.#stop?.();
    this.#onKnown?.();
  }

  async #begin(): Promise<void> {
    await this.#start();
    if (this.#isClosed) return;
    const known = new Promise<void>((resolve) => {
      this.#onKnown = resolve;
    });
    const release = holdProcess();
    try {
      this.#follow();
      await known;
    } finally {
      release();
    }
  }

  async #start(): Promise<void> {
    await this.#request('start', '', encode(this.#options.input, this.#address));
  }

  #follow(): void {
    if (this.#isClosed) return;
    this.#stop = this.#options.router.watch(
      this.#toRequest('watch', '', ''),
      {
        changed: (answer) => this.#changed(answer),
        failed: () => this.#followLater(),
        ended: () => undefined,
      },
      true,
    );
  }

  #followLater(): void {
    // It may still follow, where its actor could not begin anew.
    this.#stop?.();
    if (this.#isClosed) return;
    // Whatever thread has it next knows nothing of it.
    this.#isAbsent = true;
    clearTimeout(this.#again);
    this.#again = setTimeout(() => void this.#followAgain(), againAfterMs);
    this.#again.unref();
  }

  /** To ask for the actor has a host tried that had been given up. */
  async #followAgain(): Promise<void> {
    try {
      await this.#start();
      this.#follow();
    } catch {
      this.#followLater();
    }
  }

  #changed({ status, state, context }: HostReceipt): void {
    // The thread that knew it has died: it begins anew on the next.
    if (status === 'absent') {
      this.#isAbsent = true;
      this.#start().catch(() => this.#followLater());
      return;
    }
    const hasBegun = this.#isAbsent;
    this.#isAbsent = false;
    this.#state = state as State;
    this.#context = (decode(context ?? 'null') as { context: Context }).context;
    if (hasBegun) this.#options.onBegun?.();
    this.#options.onChange();
    this.#onKnown?.();
  }

  #request(operation: HostRequest['operation'], name: string, payload: string): Promise<boolean> {
    return this.#options.router.request(
      this.#toRequest(operation, name, payload),
      { mailboxOverflow: 'wait' },
      ({ outcome }) => outcome === 'appended',
    );
  }

  #toRequest(operation: HostRequest['operation'], name: string, payload: string): HostRequest {
    return { ...blankRequest(operation, this.#address), name, payload };
  }
}
