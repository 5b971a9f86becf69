import { isHoldfastError } from '../../runtime/errors/holdfast-error.ts';
import type { HostLog } from '../../runtime/ports/host-log.ts';
import type { AppendReceipt, AppendRequest } from '../../runtime/protocol/append.ts';
import { isUsable } from '../../runtime/protocol/code-fingerprint.ts';
import { entropyKey } from '../../runtime/protocol/entropy-key.ts';
import type { LoadedStream, LoadRequest } from '../../runtime/protocol/load.ts';
import type { RecordedEvent } from '../../runtime/protocol/recorded-event.ts';
import { InMemoryEventStoreBackend } from '../../runtime/store/in-memory-backend.ts';
import { PendingEffects } from './pending-effects.ts';

const pageEvents = 3;

/** Stands for the disk: what an append fails with before it is written, or `undefined`. */
export type Fault = (request: AppendRequest) => Error | undefined;

/** A log of hosts in memory. Appends take a turn of the event loop, in order, and pages of a load are small. */
export class InMemoryHostLog implements HostLog {
  readonly #backend = new InMemoryEventStoreBackend();
  readonly #kept = new Map<string, NonNullable<LoadedStream['reply']>>();
  /** What was committed besides events. */
  readonly effects = new PendingEffects();
  /** Owns the work of all actors. */
  readonly run = 'run';
  readonly #pending: { request: AppendRequest; settle: (outcome: AppendReceipt | Error) => void }[] = [];
  #underway = 0;
  readonly #onDrained: (() => void)[] = [];
  #fault: Fault = () => undefined;
  #isCommitting = false;
  /** How many loads were answered with a snapshot. */
  snapshotsUsed = 0;

  /** Whether nothing is on its way to the disk. */
  get isQuiet(): boolean {
    return this.#pending.length === 0 && !this.#isCommitting;
  }

  /** From now on the disk behaves like this. */
  breakWith(fault: Fault): void {
    this.#fault = fault;
  }

  /** Resolves when everything that was appended so far has been committed, or has failed. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#underway === 0) resolve();
      else this.#onDrained.push(resolve);
    });
  }

  append(request: AppendRequest, settle: (outcome: AppendReceipt | Error) => void): boolean {
    this.#underway++;
    this.#pending.push({ request, settle });
    if (this.#pending.length === 1) setImmediate(() => void this.#commitPending());
    return false;
  }

  async load(request: LoadRequest): Promise<LoadedStream> {
    const { stream, fingerprint, key, allSeeds = false } = request;
    const snapshot = fingerprint === null ? undefined : await this.#usableSnapshot(request);
    if (snapshot !== undefined) this.snapshotsUsed++;
    const after = snapshot?.version ?? request.after;
    const events = await this.events(stream);
    const page = events.slice(after, after + pageEvents);
    const last = page.at(-1);
    return {
      ...(snapshot === undefined ? {} : { snapshot }),
      types: page.map(({ type }) => type),
      schemaVersions: page.map(({ schemaVersion }) => schemaVersion),
      data: page.map(({ data }) => data),
      positions: page.map(({ position }) => position),
      seeds: page.map(({ id, metadata }) => (allSeeds || isMarked(metadata) ? id : null)),
      position: last?.position ?? events[after - 1]?.position ?? 0,
      version: last?.version ?? after,
      head: last?.id ?? events[after - 1]?.id ?? '',
      more: page.length === pageEvents,
      workOwner: this.effects.work.has(stream) ? this.run : null,
      reply: key === null ? null : (this.#kept.get(`${stream}\n${key}`) ?? null),
    };
  }

  /** Writes at once, as another process would. */
  async appendNow(request: AppendRequest): Promise<AppendReceipt | Error> {
    try {
      const consumed = request.consequences?.consumed ?? null;
      if (consumed !== null && this.effects.isGone(consumed)) return await this.#delivered(request.stream);
      const receipt = await this.#backend.append(request);
      if (request.consequences !== null && receipt.outcome === 'appended') {
        this.effects.apply(request.stream, request.consequences);
      }
      const { version, position, head, reply } = receipt;
      if (request.idempotencyKey !== null && receipt.outcome === 'appended') {
        const { fingerprint } = request;
        this.#kept.set(`${request.stream}\n${request.idempotencyKey}`, {
          fingerprint,
          version,
          position,
          head,
          reply,
        });
      }
      return receipt;
    } catch (error) {
      if (isHoldfastError(error)) return error;
      throw error;
    }
  }

  /** All events of a stream. */
  events(stream: string): Promise<readonly RecordedEvent[]> {
    return this.#backend.readStream(stream, {
      after: 0,
      limit: Number.MAX_SAFE_INTEGER,
      direction: 'forward',
    });
  }

  async #delivered(stream: string): Promise<AppendReceipt> {
    const last = (await this.events(stream)).at(-1);
    const { version = 0, position = 0, id: head = '' } = last ?? {};
    return { outcome: 'already-appended', version, position, head, reply: null };
  }

  async #usableSnapshot(request: LoadRequest) {
    const snapshot = await this.#backend.getLatestSnapshot(request.stream);
    return snapshot !== undefined && isUsable(snapshot.fingerprint, request) ? snapshot : undefined;
  }

  /** One group: all that has arrived is written, then all are told. */
  async #commitPending(): Promise<void> {
    const group = this.#pending.splice(0);
    this.#isCommitting = true;
    const outcomes: (AppendReceipt | Error)[] = [];
    for (const { request } of group) outcomes.push(this.#fault(request) ?? (await this.appendNow(request)));
    this.#isCommitting = false;
    if (this.#pending.length > 0) setImmediate(() => void this.#commitPending());
    this.#underway -= group.length;
    if (this.#underway === 0) for (const resolve of this.#onDrained.splice(0)) resolve();
    for (const [index, { settle }] of group.entries()) settle(outcomes[index] as AppendReceipt | Error);
  }
}

function isMarked(metadata: string | null): boolean {
  return metadata?.includes(`"${entropyKey}":true`) === true;
}
