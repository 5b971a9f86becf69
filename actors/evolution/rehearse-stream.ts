import { isHoldfastError } from '../../runtime/errors/holdfast-error.ts';
import { messageOf } from '../../runtime/errors/message-of.ts';
import { parseAddress } from '../../runtime/protocol/address.ts';
import type { EncodedSnapshot } from '../../runtime/protocol/append.ts';
import { isInternalType } from '../../runtime/protocol/internal-type.ts';
import type { LoadedStream, LoadRequest } from '../../runtime/protocol/load.ts';
import type { RehearsalProblem, RehearsalProblemName } from '../../runtime/protocol/rehearsal.ts';
import type { HostedDefinition, Instance } from '../definitions/hosted-definition.ts';
import type { CurrentPage } from '../definitions/upcasting.ts';
import { journalTypes } from '../journal.ts';
import type { ActorIdentity } from '../steps/actor-tree.ts';
import { reasonPassedOver } from './passed-over.ts';
import { RehearsedSnapshot } from './rehearsed-snapshot.ts';

const placeAdvice =
  'It is of a timer, work or a child, which are named after their place in the machine unless they have an `id`: has a state ' +
  'been renamed?';

/** What a rehearsal reads. */
export interface RehearsalReads {
  load(request: LoadRequest): Promise<LoadedStream>;
  /** The snapshot that a host saved, whatever code folded it. */
  actorSnapshot(stream: string): Promise<EncodedSnapshot | undefined>;
}

/** Whom a rehearsal tells where it is and what it finds. */
export interface RehearsalListener {
  /** Before the code of the application runs on an event; version 0 is before the first one. */
  computes(version: number): void;
  /** Before a page is awaited. */
  waits(): void;
  found(problem: RehearsalProblem): void;
}

/**
 * Replays one stream with a definition, writing nothing, and tells what would break: on an event at which the actor
 * could not be read any further it stops. Beside the replay goes the state in the snapshot that is on disk, if the
 * definition would use it. Resolves with how many stored events were replayed.
 */
export async function rehearseStream(
  hosted: HostedDefinition,
  stream: string,
  reads: RehearsalReads,
  listener: RehearsalListener,
): Promise<number> {
  const replay = new Replay(hosted, stream, listener);
  listener.waits();
  try {
    const [snapshot, first] = await Promise.all([reads.actorSnapshot(stream), reads.load(after(stream, 0))]);
    if (!replay.begin(snapshot, first)) return 0;
    let page = first;
    for (;;) {
      // Read while this one is folded; what it fails with is found when it is awaited.
      const next = page.more ? reads.load(after(stream, page.version)) : undefined;
      next?.catch(() => undefined);
      if (!replay.fold(page)) break;
      listener.waits();
      if (next === undefined) break;
      page = await next;
    }
    replay.end();
  } catch (error) {
    replay.report('unreadable', messageOf(error));
  }
  return replay.events;
}

function after(stream: string, version: number): LoadRequest {
  return { stream, after: version, fingerprint: null, key: null, allSeeds: true };
}

/** What an error on an event means. */
const problemOfCode: Readonly<Record<string, RehearsalProblemName>> = {
  HOLDFAST_ERR_EVENT_NEWER: 'newer-schema',
  HOLDFAST_ERR_UPCAST_FAILED: 'upcast-failed',
  HOLDFAST_ERR_TRANSITION_FAILED: 'throws',
};

class Replay {
  events = 0;
  readonly #hosted: HostedDefinition;
  readonly #stream: string;
  readonly #listener: RehearsalListener;
  readonly #identity: ActorIdentity;
  #state: Instance | undefined;
  #snapshot: RehearsedSnapshot | undefined;
  #at = { version: 0, position: 0, type: '' };

  constructor(hosted: HostedDefinition, stream: string, listener: RehearsalListener) {
    this.#hosted = hosted;
    this.#stream = stream;
    this.#identity = { id: parseAddress(stream).id, address: stream, onInput: () => undefined };
    this.#listener = listener;
  }

  /** Whether the machine can be started. */
  begin(stored: EncodedSnapshot | undefined, { types: [firstType], seeds }: LoadedStream): boolean {
    this.#listener.computes(0);
    try {
      // One that was started with an input of its own begins with that.
      const isStarted = firstType === journalTypes.started;
      const seed = seeds?.[0] ?? undefined;
      this.#state = isStarted
        ? this.#hosted.beginOrFail(this.#identity, seed)
        : this.#hosted.begin(this.#identity, undefined, seed);
    } catch (error) {
      this.report('throws', messageOf(error));
      return false;
    }
    if (stored !== undefined) this.#snapshot = new RehearsedSnapshot(this.#hosted, this.#identity, stored);
    return true;
  }

  /** Whether the actor could be read to the end of the page. */
  fold(page: LoadedStream): boolean {
    const first = page.version - page.types.length + 1;
    for (let index = 0; index < page.types.length; index++) {
      const version = first + index;
      this.#at = { version, position: page.positions[index] as number, type: page.types[index] as string };
      this.#listener.computes(version);
      try {
        this.#step(page, index);
      } catch (error) {
        const code = isHoldfastError(error) ? error.code : '';
        this.report(problemOfCode[code] ?? 'unreadable', messageOf(error));
        return false;
      }
      this.events++;
      this.#look(this.#snapshot?.after(version, this.#state as Instance));
    }
    return true;
  }

  end(): void {
    this.#look(this.#snapshot?.end(this.#state as Instance));
  }

  report(problem: RehearsalProblemName, message: string): void {
    const { kind } = parseAddress(this.#stream);
    this.#listener.found({ problem, kind, stream: this.#stream, ...this.#at, message });
  }

  #step(page: LoadedStream, index: number): void {
    const events = this.#hosted.upcasting.event(this.#stream, page, index);
    const types = events.map(({ type }) => type);
    const data = events.map((event) => event.data);
    const { version } = this.#at;
    const current: CurrentPage = { types, data, versionAt: () => version, seedAt: () => page.seeds?.[index] };
    this.#state = this.#hosted.fold(this.#state as Instance, this.#identity, current, (at) =>
      this.#passedOver(types[at] as string),
    );
    this.#snapshot?.fold(current);
  }

  #passedOver(type: string): void {
    const reason = reasonPassedOver(this.#hosted, type);
    const state = JSON.stringify(this.#state?.snapshot.value);
    const what =
      reason === 'not-accepted'
        ? `${state} does not accept "${type}".`
        : `No state of the machine knows "${type}".`;
    this.report(reason, isInternalType(type) ? `${what} ${placeAdvice}` : what);
  }

  #look(found: ReturnType<RehearsedSnapshot['end']>): void {
    if (found === undefined) return;
    const { problem, version, message } = found;
    this.#at = { version, position: 0, type: '' };
    this.report(problem, message);
  }
}
