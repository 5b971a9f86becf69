import type {
  AggregateDefinition,
  AnyAggregateDefinition,
  CommandDefinition,
} from '../actors/definitions/define-aggregate.ts';
import { validate, validateEvent } from '../actors/definitions/validate.ts';
import { unknownCommand } from '../actors/host/unknown-command.ts';
import type { AnyStateMachine, EventFromLogic, InputFrom, StateValueFrom } from '../actors/xstate-adapter.ts';
import { type ActorSnapshot, toActorSnapshot } from './actor-snapshot.ts';
import { holdfastError } from './errors/holdfast-error.ts';
import type { MailboxOverflow } from './hosts/mailboxes.ts';
import type { Router } from './hosts/router.ts';
import { LatestValue } from './latest-value.ts';
import { toAddress } from './protocol/address.ts';
import type { ExpectedVersion } from './protocol/append.ts';
import { encode, encodeMetadata } from './protocol/codec.ts';
import { commandFingerprint } from './protocol/command-fingerprint.ts';
import { checkExpectedVersion } from './protocol/expected-version.ts';
import { blankRequest, type HostReceipt, type HostRequest } from './protocol/host-messages.ts';
import { isAsync } from './protocol/is-async.ts';
import { checkKey, checkName, describe, isReservedType, reservedTypes } from './protocol/names.ts';
import { checkOptions, checkWholeOption, invalidOption, isRecord } from './protocol/options.ts';
import { stoppable } from './stoppable.ts';
import { afterAwake } from './waiting/awake-timer.ts';
import { orAborted } from './waiting/or-aborted.ts';

/** Options of {@link ActorRef.send} and {@link ActorRef.execute}. */
export interface SendOptions {
  /**
   * Rejects with `HOLDFAST_ERR_VERSION_CONFLICT` unless the actor is at this version (0, or `'no-stream'`: has no events
   * yet; `'stream-exists'`: has some).
   */
  readonly expectedVersion?: ExpectedVersion;
  /** Makes a repetition harmless: the same command under the same key is carried out once, for ever. */
  readonly idempotencyKey?: string;
  /** About the events rather than of them: who, why. Kept with each. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Stops waiting, and rejects with its reason. A command that has left may still be carried out. */
  readonly signal?: AbortSignal;
  /** How long to wait, in milliseconds. Default: `commandTimeoutMs` of the runtime. */
  readonly timeoutMs?: number;
  /** What becomes of the command if there is no room for it. Default: `mailboxOverflow` of the runtime. */
  readonly mailboxOverflow?: MailboxOverflow;
}

/** Options of what only waits. */
export interface WaitOptions {
  /** Stops waiting, and rejects with its reason. */
  readonly signal?: AbortSignal;
  /** How long to wait, in milliseconds. Default: `commandTimeoutMs` of the runtime. */
  readonly timeoutMs?: number;
}

/** Options of {@link ActorRef.start}. */
export interface StartOptions<Machine extends AnyStateMachine> extends WaitOptions {
  /** What its machine gets instead of what the definition computes. */
  readonly input?: InputFrom<Machine>;
  /** Makes a repetition harmless: to start again under the same key, with the same input, changes nothing. */
  readonly idempotencyKey?: string;
}

/** The answer to a command that is durable. */
export interface Receipt<Machine extends AnyStateMachine> {
  /** The stream of the actor, which is its address. */
  readonly stream: string;
  /** Version of the stream after the command. */
  readonly version: number;
  /** Position in the log of its last event: what a query can wait for. */
  readonly position: number;
  /**
   * Id of its last event: the `causationId` that a command which follows from it can name in its metadata. Of a command that
   * decided on no event, that of the last event of the actor, `''` if there is none.
   */
  readonly eventId: string;
  /** State value after the command. */
  readonly state: StateValueFrom<Machine>;
  /** Present when the command was carried out before under the same key, and this is the answer of that time. */
  readonly repeated?: true;
}

const noOptions: SendOptions = {};

const sendOptionNames = [
  'expectedVersion',
  'idempotencyKey',
  'metadata',
  'signal',
  'timeoutMs',
  'mailboxOverflow',
];

/**
 * An address of an actor: sends to it and observes it, wherever it lives, and whether it is in memory or not. Making
 * one costs nothing and starts nothing.
 */
export class ActorRef<Machine extends AnyStateMachine = AnyStateMachine, Inputs extends object = object> {
  /** `kind/id`. */
  readonly address: string;
  /** The second part of the address. */
  readonly id: string;
  readonly #definition: AnyAggregateDefinition;
  readonly #router: Router;

  /** @internal */
  constructor(definition: AggregateDefinition<Machine, never>, id: string, router: Router) {
    this.address = toAddress(definition.kind, id);
    this.id = id;
    this.#definition = definition as unknown as AnyAggregateDefinition;
    this.#router = router;
  }

  /**
   * Sends an event. Resolves once it is on disk. Events of one sender to one actor keep their order.
   *
   * @throws with nothing written: HOLDFAST_ERR_EVENT_REJECTED with the `state` and what it `accepts`;
   * HOLDFAST_ERR_VERSION_CONFLICT; HOLDFAST_ERR_IDEMPOTENCY_CONFLICT; HOLDFAST_ERR_TRANSITION_FAILED; of what it is given,
   * HOLDFAST_ERR_ARGUMENT_INVALID, HOLDFAST_ERR_OPTION_INVALID, HOLDFAST_ERR_PAYLOAD_INVALID and
   * HOLDFAST_ERR_PAYLOAD_TOO_LARGE; of an actor that cannot be read, HOLDFAST_ERR_EVENT_NEWER and
   * HOLDFAST_ERR_UPCAST_FAILED; of a host that is not there for it, HOLDFAST_ERR_MAILBOX_FULL,
   * HOLDFAST_ERR_HOST_UNAVAILABLE, HOLDFAST_ERR_MODULE_LOAD, HOLDFAST_ERR_THREAD_START, HOLDFAST_ERR_DEFINITION_UNKNOWN,
   * HOLDFAST_ERR_DEFINITION_DUPLICATE, HOLDFAST_ERR_CONTAINER_BLUEPRINT and HOLDFAST_ERR_MACHINE_UNSUPPORTED; and the
   * errors of the storage but for HOLDFAST_ERR_OUTCOME_UNKNOWN. With an unknown outcome, so that it is to be repeated with
   * the same key: HOLDFAST_ERR_HOST_DIED, HOLDFAST_ERR_TIMEOUT, HOLDFAST_ERR_OUTCOME_UNKNOWN, and the reason of the signal
   * and HOLDFAST_ERR_CLOSED, unless they came before it was sent. HOLDFAST_ERR_POISON_MESSAGE, with the `evidence`, says
   * which in `mayBeDurable`.
   *
   * @example
   * const receipt = await runtime.actor(counter, 'visits').send({ type: 'added', by: 2 });
   */
  send(event: EventFromLogic<Machine>, options: SendOptions = noOptions): Promise<Receipt<Machine>> {
    // No `async`: a command is one promise, which the answer of the host resolves.
    try {
      if (!isRecord(event)) throw notAnEvent(event);
      const { type, ...data } = event as { type: string };
      checkName('The type of an event', type);
      if (isReservedType(type)) throw reserved(type);
      return this.#command(
        'send',
        type,
        encode(validateEvent(this.#definition.events, type, data), type),
        options,
      );
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Carries out a command of the definition: its decide function turns the input into events, which are appended all
   * or none. A command that decides on no event changes nothing and resolves with where the actor is.
   *
   * @throws what `send` throws, HOLDFAST_ERR_COMMAND_UNKNOWN, and HOLDFAST_ERR_COMMAND_FAILED when the decide function
   * threw.
   */
  async execute<Name extends keyof Inputs & string>(
    name: Name,
    ...[input, options = {}]: undefined extends Inputs[Name]
      ? [input?: Inputs[Name], options?: SendOptions]
      : [input: Inputs[Name], options?: SendOptions]
  ): Promise<Receipt<Machine>> {
    checkName('The name of a command', name);
    const commands = this.#definition.commands as Record<
      string,
      CommandDefinition<Machine, unknown> | (() => unknown)
    >;
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined) throw unknownCommand(this.#definition.kind, name, Object.keys(commands));
    const checked = typeof command === 'function' ? input : validate(command.input, input, `${name}.input`);
    return this.#command('execute', name, encode(checked, `${name}.input`), options);
  }

  /**
   * Starts the actor without an event: entry actions, timers and invoked work of its initial state begin now. Sending to
   * an actor that was never started starts it as well. With `input`, its machine gets that instead of what the
   * definition computes. Starting again without an input changes nothing.
   *
   * @throws what `send` throws; HOLDFAST_ERR_EVENT_REJECTED for an input when the actor has begun already, unless it was
   * under the same `idempotencyKey`.
   */
  start(options: StartOptions<Machine> = {}): Promise<Receipt<Machine>> {
    try {
      checkOptions('start', options, ['input', 'idempotencyKey', 'signal', 'timeoutMs']);
      const request = blankRequest('start', this.address);
      request.payload = 'input' in options ? encode(options.input, 'start.input') : '';
      this.#setKey(request, 'start', options.idempotencyKey);
      return this.#router.start(request, options, this.#toReceipt);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * The newest durable state, including what other processes wrote. Waits for commands that were sent before.
   *
   * @throws HOLDFAST_ERR_OPTION_INVALID, HOLDFAST_ERR_CLOSED, HOLDFAST_ERR_TIMEOUT, the reason of the signal; what `send`
   * throws of an actor that cannot be read and of a host that is not there for it; HOLDFAST_ERR_HOST_DIED and
   * HOLDFAST_ERR_POISON_MESSAGE where reading ends its thread; the errors of the storage.
   */
  async snapshot(options: WaitOptions = {}): Promise<ActorSnapshot<Machine>> {
    checkOptions('snapshot', options, ['signal', 'timeoutMs']);
    return this.#router.request(blankRequest('snapshot', this.address), options, (answer) =>
      toActorSnapshot<Machine>(this.address, answer),
    );
  }

  /**
   * The state now and after every change, for as long as it is iterated. A slow reader skips to the newest state. Ends
   * without an error on abort and when the runtime closes; throws when the actor cannot be observed any more.
   *
   * @throws HOLDFAST_ERR_OPTION_INVALID; HOLDFAST_ERR_CLOSED if it begins after the close; what `send` throws of an actor
   * that cannot be read and of a host that is not there for it; HOLDFAST_ERR_HOST_DIED when threads died under it again
   * and again; HOLDFAST_ERR_THREAD_EXITED when the store did; the errors of the storage.
   */
  changes(
    options: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<ActorSnapshot<Machine>, void, void> {
    checkOptions('changes', options, ['signal']);
    return stoppable((stop) => this.#changes(stop), options.signal);
  }

  async *#changes(signal: AbortSignal): AsyncGenerator<ActorSnapshot<Machine>, void, void> {
    const latest = new LatestValue<HostReceipt>(signal);
    const stop = this.#router.watch(blankRequest('watch', this.address), {
      changed: (answer) => latest.set(answer),
      failed: (error) => latest.fail(error),
      ended: () => latest.end(),
    });
    try {
      let version = -1;
      for await (const answer of latest) {
        if (answer.version <= version) continue;
        version = answer.version;
        yield toActorSnapshot<Machine>(this.address, answer);
      }
    } finally {
      stop();
    }
  }

  /**
   * Resolves with the first state, from now on, for which the predicate holds. It is asked about each state that a command,
   * a timer or a message led to here, also one that was left at once; of what another process wrote meanwhile, and of what
   * was written while a host was replaced, only about the last.
   *
   * @throws the reason of the signal, HOLDFAST_ERR_TIMEOUT, HOLDFAST_ERR_CLOSED when the runtime closes first, what the
   * predicate throws, and what `changes` throws.
   */
  async waitFor(
    predicate: (snapshot: ActorSnapshot<Machine>) => boolean,
    options: WaitOptions = {},
  ): Promise<ActorSnapshot<Machine>> {
    checkOptions('waitFor', options, ['signal', 'timeoutMs']);
    checkWholeOption('waitFor', 'timeoutMs', options.timeoutMs, 1, 2 ** 31 - 1);
    if (typeof predicate !== 'function' || isAsync(predicate))
      throw invalidOption(
        'waitFor takes a function that says at once whether a state is the one, and is not async.',
      );
    const { signal, timeoutMs = this.#router.commandTimeoutMs } = options;
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<ActorSnapshot<Machine>>();
    let last: ActorSnapshot<Machine> | undefined;
    let isOver = false;
    const stop = this.#router.watch(blankRequest('watch', this.address), {
      // Each state is looked at as it comes: the next one, which may have left it, can be in the same frame.
      changed: (answer) => {
        if (isOver || answer.version <= (last?.version ?? -1)) return;
        try {
          last = toActorSnapshot<Machine>(this.address, answer);
          if (!predicate(last)) return;
          resolve(last);
        } catch (error) {
          reject(error);
        }
        isOver = true;
      },
      failed: reject,
      ended: () => reject(closedFirst(this.address)),
    });
    const callOff = afterAwake(timeoutMs, () => reject(tooLate(this.address, timeoutMs, last)));
    try {
      return await orAborted(promise, signal);
    } finally {
      isOver = true;
      callOff();
      stop();
    }
  }

  #command(
    operation: 'send' | 'execute',
    name: string,
    payload: string,
    options: SendOptions,
  ): Promise<Receipt<Machine>> {
    checkOptions(operation, options, sendOptionNames);
    const { expectedVersion, idempotencyKey, metadata } = options;
    if (expectedVersion !== undefined) checkExpectedVersion(expectedVersion);
    const request = blankRequest(operation, this.address);
    request.name = name;
    request.payload = payload;
    request.metadata = metadata === undefined ? null : encodeMetadata(metadata, 'metadata');
    request.expectedVersion = expectedVersion === 'any' ? null : (expectedVersion ?? null);
    this.#setKey(request, operation, idempotencyKey);
    return this.#router.request(request, options, this.#toReceipt);
  }

  #setKey(request: HostRequest, operation: 'send' | 'execute' | 'start', key: string | undefined): void {
    if (key === undefined) return;
    checkKey('idempotencyKey', key);
    request.idempotencyKey = key;
    request.fingerprint = commandFingerprint(operation, request.name, request.payload);
  }

  readonly #toReceipt = (answer: HostReceipt): Receipt<Machine> => toReceipt(this.address, answer);
}

/** The type of what `runtime.actor(definition, id)` returns: `ActorRefOf<typeof account>`. */
export type ActorRefOf<Definition extends AnyAggregateDefinition> =
  Definition extends AggregateDefinition<infer Machine, infer Inputs> ? ActorRef<Machine, Inputs> : never;

/** What a host has answered, as it is given to whoever sent the command. */
export function toReceipt<Machine extends AnyStateMachine>(
  stream: string,
  { outcome, version, position, head: eventId, state: value }: HostReceipt,
): Receipt<Machine> {
  const state = value as StateValueFrom<Machine>;
  const receipt = { stream, version, position, eventId, state };
  return outcome === 'already-appended' ? { ...receipt, repeated: true } : receipt;
}

function closedFirst(address: string): Error {
  return holdfastError('HOLDFAST_ERR_CLOSED', `The runtime closed before ${address} came to be as awaited.`);
}

function tooLate(address: string, timeoutMs: number, last: ActorSnapshot | undefined): Error {
  return holdfastError(
    'HOLDFAST_ERR_TIMEOUT',
    `${address} did not come to be as awaited within ${timeoutMs} ms` +
      (last === undefined ? '.' : `, and is ${JSON.stringify(last.state)} at version ${last.version}.`),
  );
}

function notAnEvent(value: unknown): Error {
  return holdfastError(
    'HOLDFAST_ERR_ARGUMENT_INVALID',
    `send takes an event such as { type: 'created', title: 'Plan' }, got ${describe(value)}.`,
  );
}

function reserved(type: string): Error {
  return holdfastError('HOLDFAST_ERR_ARGUMENT_INVALID', `The type "${type}" is reserved: ${reservedTypes}.`);
}
