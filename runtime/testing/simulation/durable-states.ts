import type { HostedDefinition, Instance } from '../../../actors/definitions/hosted-definition.ts';
import { shown } from '../../../actors/host/answers.ts';
import { foldPage } from '../../../actors/host/fold-page.ts';
import { newResident } from '../../../actors/host/resident.ts';
import type { ActorIdentity } from '../../../actors/steps/actor-tree.ts';
import type { AnyStateMachine } from '../../../actors/xstate-adapter.ts';
import { type ActorSnapshot, toActorSnapshot } from '../../actor-snapshot.ts';
import { parseAddress } from '../../protocol/address.ts';
import type { HostReceipt } from '../../protocol/host-messages.ts';
import type { LogReader } from '../../sqlite/log/log-reader.ts';

interface Folded {
  readonly identity: ActorIdentity;
  readonly hosted: HostedDefinition;
  instance: Instance;
  version: number;
  head: string;
  position: number;
  /** What is shown of it, once somebody has asked. */
  snapshot: ActorSnapshot<AnyStateMachine> | undefined;
}

/** The states that the log alone leads to: what every host would have read, were it started now. */
export class DurableStates {
  readonly #log: LogReader;
  readonly #definitions: ReadonlyMap<string, HostedDefinition>;
  readonly #folded = new Map<string, Folded>();

  constructor(log: LogReader, definitions: ReadonlyMap<string, HostedDefinition>) {
    this.#log = log;
    this.#definitions = definitions;
  }

  /** Folds what was appended to a stream. */
  follow(address: string): void {
    const { kind, id } = parseAddress(address);
    const hosted = this.#definitions.get(kind);
    if (hosted === undefined) return;
    let folded = this.#folded.get(address);
    for (;;) {
      const request = {
        stream: address,
        after: folded?.version ?? 0,
        fingerprint: null,
        key: null,
        allSeeds: true,
      };
      const page = this.#log.load(request);
      if (page.types.length === 0) return;
      if (folded === undefined) {
        const identity = { id, address, onInput: () => undefined };
        const instance = hosted.beginReplay(identity, page.seeds?.[0] ?? undefined);
        folded = { identity, hosted, instance, version: 0, head: '', position: 0, snapshot: undefined };
        this.#folded.set(address, folded);
      }
      folded.instance = foldPage(hosted, folded.identity, folded.instance, page, undefined);
      folded.version = page.version;
      folded.head = page.head;
      folded.position = page.position;
      folded.snapshot = undefined;
      if (!page.more) return;
    }
  }

  /** Addresses of actors that have events, in the order of their first. */
  get addresses(): readonly string[] {
    return [...this.#folded.keys()];
  }

  /** What a host would show; `undefined` for an actor without events. */
  snapshot(address: string): ActorSnapshot<AnyStateMachine> | undefined {
    const folded = this.#folded.get(address);
    if (folded === undefined) return undefined;
    folded.snapshot ??= toActorSnapshot(address, shownOf(folded));
    return folded.snapshot;
  }
}

function shownOf({ hosted, identity, instance, version, head, position }: Folded): HostReceipt {
  const resident = newResident(identity.address, identity.id, hosted, identity);
  resident.committed = { snapshot: instance.snapshot, version, head };
  resident.position = position;
  return shown(resident);
}
