import { messageOf } from '../../runtime/errors/message-of.ts';
import type { EncodedSnapshot } from '../../runtime/protocol/append.ts';
import { definitionVersionOf } from '../../runtime/protocol/code-fingerprint.ts';
import { firstDifference } from '../../runtime/protocol/first-difference.ts';
import type { RehearsalProblemName } from '../../runtime/protocol/rehearsal.ts';
import type { HostedDefinition, Instance } from '../definitions/hosted-definition.ts';
import type { CurrentPage } from '../definitions/upcasting.ts';
import type { ActorIdentity } from '../steps/actor-tree.ts';
import { withSortedHistory } from '../steps/sorted-history.ts';
import { migrated } from './migration.ts';

/** What is wrong with a snapshot. */
interface SnapshotProblem {
  readonly problem: RehearsalProblemName;
  /** Version of the stream at which it shows. */
  readonly version: number;
  readonly message: string;
}

/**
 * The snapshot of a stream beside its replay: if the definition would use it, as it is or migrated, it must be the
 * state that the replay is in at its version, and lead where the replay leads.
 */
export class RehearsedSnapshot {
  readonly #hosted: HostedDefinition;
  readonly #identity: ActorIdentity;
  readonly #stored: EncodedSnapshot;
  /** Set from the version of the snapshot on, while it is as the replay is. */
  #state: Instance | undefined;
  #version = 0;

  constructor(hosted: HostedDefinition, identity: ActorIdentity, stored: EncodedSnapshot) {
    this.#hosted = hosted;
    this.#identity = identity;
    this.#stored = stored;
  }

  /** Goes along with the events after the snapshot. What throws here has thrown in the replay. */
  fold(events: CurrentPage): void {
    if (this.#state !== undefined) this.#state = this.#hosted.fold(this.#state, this.#identity, events);
  }

  /** To be called when the replay is at a version. */
  after(version: number, replayed: Instance): SnapshotProblem | undefined {
    this.#version = version;
    if (version !== this.#stored.version) return undefined;
    let state: Instance | undefined;
    try {
      state = this.#start();
    } catch (error) {
      return { problem: 'migrate-failed', version, message: messageOf(error) };
    }
    if (state === undefined) return undefined;
    const problem = this.#compare(state, replayed);
    if (problem === undefined) this.#state = state;
    return problem;
  }

  /** To be called at the end of the stream. */
  end(replayed: Instance): SnapshotProblem | undefined {
    return this.#state === undefined ? undefined : this.#compare(this.#state, replayed);
  }

  get #isOfThisCode(): boolean {
    return this.#stored.fingerprint === this.#hosted.fingerprint;
  }

  #start(): Instance | undefined {
    return this.#isOfThisCode
      ? this.#hosted.restore(this.#stored.state, this.#identity)
      : migrated(this.#hosted, this.#identity, this.#stored);
  }

  #compare(state: Instance, replayed: Instance): SnapshotProblem | undefined {
    const difference = firstDifference(this.#plain(state), this.#plain(replayed));
    if (difference === undefined) return undefined;
    const { version, fingerprint } = this.#stored;
    const origin = this.#isOfThisCode
      ? `The snapshot at version ${version}`
      : `What migrate makes of the snapshot at version ${version}, of definition version ${definitionVersionOf(fingerprint)},`;
    return {
      problem: this.#isOfThisCode ? 'snapshot-diverges' : 'migrate-diverges',
      version: this.#version,
      message: `${origin} differs from a replay at version ${this.#version}: ${difference}.`,
    };
  }

  #plain(state: Instance): unknown {
    const text = this.#hosted.encode(state, this.#identity.address);
    if (text === undefined) return 'what cannot be kept';
    return withSortedHistory(JSON.parse(text) as unknown);
  }
}
