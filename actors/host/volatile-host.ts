import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import { messageOf } from '../../runtime/errors/message-of.ts';
import { parseAddress } from '../../runtime/protocol/address.ts';
import { decode, encode } from '../../runtime/protocol/codec.ts';
import type { HostReceipt, HostRequest } from '../../runtime/protocol/host-messages.ts';
import { journalTypes, toEvent } from '../journal.ts';
import type { Asked, AskedTimer } from '../steps/asked.ts';
import { initialStep, step } from '../steps/bare-machine.ts';
import type { TransitionListener } from '../steps/transition-listener.ts';
import type { AnyStateMachine, MachineEvent, MachineSnapshot } from '../xstate-adapter.ts';

/** Longer than this a timeout of Node.js cannot be. */
const delayMsMax = 2 ** 31 - 1;
/** What begins an actor, called as in the log. */
const started: MachineEvent = { type: journalTypes.started };

interface VolatileActor {
  readonly address: string;
  readonly machine: AnyStateMachine;
  /** Absent until it is started. */
  snapshot?: MachineSnapshot;
  version: number;
  readonly watchers: Set<number>;
  readonly timers: Map<string, NodeJS.Timeout>;
}

/** What a volatile host is made of. */
export interface VolatileHostOptions {
  /** The machines by kind. */
  readonly machines: ReadonlyMap<string, AnyStateMachine>;
  readonly answer: (id: number, answer: HostReceipt | Error) => void;
  /** Told of every transition, before the watchers are. */
  readonly onTransition?: TransitionListener;
}

/**
 * Hosts actors whose state is of this moment only: whether the network is there, whether a circuit is closed. Nothing of
 * them is written, so they go on when the disk is full; what they know is gone with their thread, and whoever needs them
 * starts them again. An actor that has not been started is shown in status `absent`. An event that is not accepted is
 * answered with `unchanged`. Durations are monotonic.
 */
export class VolatileHost {
  readonly #options: VolatileHostOptions;
  readonly #actors = new Map<string, VolatileActor>();

  constructor(options: VolatileHostOptions) {
    this.#options = options;
  }

  /** Whether an address is of one of its kinds. */
  hosts(address: string): boolean {
    return this.#options.machines.has(address.slice(0, address.indexOf('/')));
  }

  /** Takes a request of its kinds. Watchers are told of a change before its sender is answered. */
  receive(request: HostRequest): void {
    const actor = this.#actorOf(request.address);
    try {
      const answer = this.#carryOut(actor, request);
      if (answer !== undefined) this.#options.answer(request.id, answer);
    } catch (error) {
      this.#options.answer(request.id, failed(actor, error));
    }
  }

  #carryOut(actor: VolatileActor, request: HostRequest): HostReceipt | undefined {
    const { operation, id, name, payload } = request;
    switch (operation) {
      case 'start':
        return receiptOf(actor, this.#start(actor, payload) ? 'appended' : 'unchanged');
      case 'send':
        return receiptOf(actor, this.#send(actor, name, payload) ? 'appended' : 'unchanged');
      case 'watch':
        actor.watchers.add(id);
        return shown(actor);
      case 'unwatch':
        actor.watchers.delete(Number(name));
        return undefined;
      default:
        // Nothing of it is on disk that another process could have changed.
        return undefined;
    }
  }

  #actorOf(address: string): VolatileActor {
    const known = this.#actors.get(address);
    if (known !== undefined) return known;
    const machine = this.#options.machines.get(parseAddress(address).kind) as AnyStateMachine;
    const actor = { address, machine, version: 0, watchers: new Set<number>(), timers: new Map() };
    this.#actors.set(address, actor);
    return actor;
  }

  /** Starting again changes nothing. */
  #start(actor: VolatileActor, payload: string): boolean {
    if (actor.snapshot !== undefined) return false;
    const input = payload === '' ? undefined : decode(payload);
    this.#become(actor, started, initialStep(actor.machine, input));
    return true;
  }

  #send(actor: VolatileActor, type: string, payload: string): boolean {
    if (actor.snapshot === undefined) return false;
    return this.#take(actor, toEvent(type, payload));
  }

  #take(actor: VolatileActor, event: MachineEvent): boolean {
    const next = step(actor.machine, actor.snapshot as MachineSnapshot, event);
    if (next.accepted) this.#become(actor, event, next);
    return next.accepted;
  }

  #become(
    actor: VolatileActor,
    event: MachineEvent,
    { snapshot, asked }: { readonly snapshot: MachineSnapshot; readonly asked: Asked },
  ): void {
    actor.snapshot = snapshot;
    actor.version++;
    this.#options.onTransition?.(actor.address, [event], { snapshot, version: actor.version }, 0);
    for (const timer of asked.timers) this.#setTimer(actor, timer);
    if (actor.watchers.size === 0) return;
    const answer = shown(actor);
    for (const id of actor.watchers) this.#options.answer(id, answer);
  }

  #setTimer(actor: VolatileActor, timer: AskedTimer): void {
    const { timers } = actor;
    if (timer.change === 'cancel-all') {
      for (const timeout of timers.values()) clearTimeout(timeout);
      timers.clear();
      return;
    }
    clearTimeout(timers.get(timer.name));
    timers.delete(timer.name);
    if (timer.change === 'cancel') return;
    const { name, event, delayMs } = timer;
    const ring = (): void => {
      timers.delete(name);
      this.#take(actor, event);
    };
    timers.set(name, setTimeout(ring, Math.min(delayMs, delayMsMax)));
  }
}

function receiptOf({ version, snapshot }: VolatileActor, outcome: HostReceipt['outcome']): HostReceipt {
  const { value: state = null, status = 'absent' } = snapshot ?? {};
  return { outcome, version, position: 0, head: '', state, context: null, status };
}

function shown(actor: VolatileActor): HostReceipt {
  const context = encode({ context: actor.snapshot?.context }, actor.address);
  return { ...receiptOf(actor, 'unchanged'), context };
}

function failed({ address }: VolatileActor, error: unknown): Error {
  return holdfastError(
    'HOLDFAST_ERR_TRANSITION_FAILED',
    `${address} failed: ${messageOf(error)}`,
    undefined,
    error,
  );
}
