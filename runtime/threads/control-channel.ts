// The only importer of comlink. It loses the code and cause of errors, and its calls wait for ever when the other
// thread is gone; so results travel as values, and every call has a deadline and ends with its thread. No thread needs
// it to start: the main thread loads it meanwhile, a host with its first call, and the file of the database threads has it.

import type { MessagePort, Transferable } from 'node:worker_threads';
import type { expose, Remote, transfer } from 'comlink';
import { holdfastError } from '../errors/holdfast-error.ts';
import { invariant } from '../errors/invariant.ts';
import { partLoader } from '../errors/load-part.ts';
import { fromWireError, toWireError, type WireError } from '../errors/wire-error.ts';
import { afterAwake } from '../waiting/awake-timer.ts';
import { takeArrived } from './threading.ts';

type Result =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: WireError };
type Invoke = { invoke(method: string, args: readonly unknown[]): Promise<Result> };

// Comlink asks for the DOM's Endpoint, whose listeners and transferables only the types of a browser have.
type Endpoint = NonNullable<Parameters<typeof expose>[1]>;
type ComlinkTransferables = Parameters<typeof transfer>[1];

/**
 * Comlink's endpoint over the `on` of a port. Its `addEventListener`, which comlink would use, makes Node.js load its
 * whole DOM layer into the thread: 40 ms of a start.
 */
function endpointOf(port: MessagePort): Endpoint {
  const listeners = new Map<unknown, (data: unknown) => void>();
  return {
    postMessage: (message: unknown, transferred: readonly Transferable[]) =>
      port.postMessage(message, transferred),
    addEventListener(_type: string, listener: (event: { data: unknown }) => void) {
      const listen = (data: unknown) => listener({ data });
      listeners.set(listener, listen);
      port.on('message', listen);
    },
    removeEventListener(_type: string, listener: unknown) {
      const listen = listeners.get(listener);
      listeners.delete(listener);
      if (listen !== undefined) port.off('message', listen);
    },
    start: () => port.start(),
  } as unknown as Endpoint;
}

/** That of the system: fake timers of a test may put another one in its place, which never comes. */
const { nextTick } = process;

/**
 * By the name of its ES module: under `comlink`, Node.js and bundlers for it find one of CommonJS in a wrapper, which takes
 * longer to load and half a kilobyte of a bundle. Not exported: its types need those of a browser, which an application
 * may not have.
 */
const importComlink: () => Promise<typeof import('comlink')> = partLoader(
  // @ts-expect-error: the types are those of the package
  () => import('comlink/dist/esm/comlink.mjs') as Promise<typeof import('comlink')>,
);

/** Loads comlink, which from then on takes no turn of the event loop. */
export const loadComlink: () => Promise<unknown> = importComlink;

/** After so long it is tried again to load what answers, while callers wait. */
const loadAgainMs = 100;

/** An interface whose methods can be called across threads. */
export type ControlApi<Api> = { [Method in keyof Api]: (...args: never[]) => unknown };

/** Answers control calls on a port with the methods of `api`. The first call waits until comlink is loaded. */
export function serveControl<Api extends ControlApi<Api>>(port: MessagePort, api: Api): void {
  const invoke = async (method: string, args: readonly unknown[]): Promise<Result> => {
    try {
      const run = (api as unknown as Record<string, (...args: readonly unknown[]) => unknown>)[method];
      invariant(run !== undefined, `there is no call "${method}"`);
      return { ok: true, value: await run.apply(api, [...args]) };
    } catch (error) {
      return { ok: false, error: toWireError(error) };
    }
  };
  const early: unknown[] = [];
  const keep = (message: unknown): void => {
    if (early.push(message) === 1) answer();
  };
  const answer = (): void => {
    importComlink().then(
      ({ expose }) => {
        expose({ invoke }, endpointOf(port));
        port.off('message', keep);
        for (const each of early) port.emit('message', each);
      },
      // A thread without file descriptors has some in a while, and its database must be closed then.
      () => setTimeout(answer, loadAgainMs),
    );
  };
  port.on('message', keep);
}

/** How one control call is made. */
export interface ControlCallOptions {
  /** Milliseconds until the call is given up; `Infinity` for work of unknown length. Default 30,000. */
  readonly timeoutMs?: number;
  /** Ports and buffers among the arguments that move to the other thread. */
  readonly transfer?: readonly Transferable[];
}

const defaultTimeoutMs = 30_000;

/** What keeps the process alive while a call waits. */
export interface Held {
  hold(): void;
  release(): void;
}

/** The calling side of the control plane to one thread. */
export class ControlChannel<Api extends ControlApi<Api>> {
  // Held for the life of the thread: comlink loses calls whose proxy was collected meanwhile.
  #remote: Remote<Invoke> | undefined;
  readonly #port: MessagePort;
  readonly #thread: string;
  readonly #held: Held;
  readonly #giveUps = new Set<(reason: Error) => void>();
  #gone: Error | undefined;
  #letGo: (() => void) | undefined;

  /** `gone` resolves with the reason when the thread has ended. */
  constructor(port: MessagePort, thread: string, gone: Promise<Error>, held: Held) {
    this.#port = port;
    this.#thread = thread;
    this.#held = held;
    void gone.then((reason) => {
      this.#gone = reason;
      takeArrived(this.#port, (answer) => this.#port.emit('message', answer));
      // Whoever was answered is told so by then: comlink hands an answer on within microtasks.
      nextTick(() => {
        for (const giveUp of this.#giveUps) giveUp(reason);
        // Comlink keeps a call that was not answered for ever, and with it whatever has to do with the thread.
        this.#letGo?.();
      });
    });
  }

  /**
   * Calls a method of the thread.
   *
   * @throws HOLDFAST_ERR_TIMEOUT after the deadline, HOLDFAST_ERR_THREAD_EXITED when the thread ends meanwhile, and
   * whatever the method threw.
   */
  async call<Method extends keyof Api & string>(
    method: Method,
    args: Parameters<Api[Method]>,
    options: ControlCallOptions = {},
  ): Promise<Awaited<ReturnType<Api[Method]>>> {
    const { timeoutMs = defaultTimeoutMs, transfer: moved = [] } = options;
    const result = await this.#withDeadline(method, timeoutMs, () => this.#invoke(method, args, moved));
    if (!result.ok) throw fromWireError(result.error);
    return result.value as Awaited<ReturnType<Api[Method]>>;
  }

  close(): void {
    this.#port.close();
  }

  async #invoke(method: string, args: readonly unknown[], moved: readonly Transferable[]): Promise<Result> {
    const comlink = await importComlink();
    if (this.#gone !== undefined) throw this.#gone;
    this.#remote ??= comlink.wrap<Invoke>(endpointOf(this.#port));
    this.#letGo = this.#remote[comlink.releaseProxy];
    this.#port.unref();
    const given = comlink.transfer([...args], [...moved] as unknown as ComlinkTransferables);
    return this.#remote.invoke(method, given);
  }

  #withDeadline(method: string, timeoutMs: number, ask: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#gone !== undefined) return reject(this.#gone);
      let callOff: (() => void) | undefined;
      this.#held.hold();
      const settle = (finish: () => void) => {
        callOff?.();
        if (this.#giveUps.delete(giveUp)) this.#held.release();
        finish();
      };
      const giveUp = (reason: Error) => settle(() => reject(reason));
      this.#giveUps.add(giveUp);
      if (timeoutMs !== Number.POSITIVE_INFINITY) {
        callOff = afterAwake(timeoutMs, () => giveUp(this.#timedOut(method, timeoutMs)));
      }
      ask().then(
        (result) => settle(() => resolve(result)),
        (error: unknown) => settle(() => reject(error)),
      );
    });
  }

  #timedOut(method: string, timeoutMs: number): Error {
    return holdfastError(
      'HOLDFAST_ERR_TIMEOUT',
      `The ${this.#thread} thread did not answer "${method}" within ${timeoutMs} ms. It may still carry it out.`,
    );
  }
}
