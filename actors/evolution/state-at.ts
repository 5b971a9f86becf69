import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import { parseAddress } from '../../runtime/protocol/address.ts';
import type { LoadedStream, LoadRequest } from '../../runtime/protocol/load.ts';
import { type Definitions, definitionOf } from '../definitions/definition-of.ts';
import { failureToBegin, type Instance } from '../definitions/hosted-definition.ts';
import { contextToKeep } from '../steps/bare-machine.ts';

/** The state of an actor at a version, folded from its events and from nothing else. */
export interface StateAtVersion {
  readonly stream: string;
  readonly version: number;
  readonly state: unknown;
  readonly context: unknown;
  readonly status: string;
  readonly output: unknown;
}

/**
 * Folds a stream up to a version; beyond its last one, up to that.
 *
 * @throws HOLDFAST_ERR_ARGUMENT_INVALID for a stream without events; HOLDFAST_ERR_DEFINITION_UNKNOWN,
 * HOLDFAST_ERR_UPCAST_FAILED, HOLDFAST_ERR_EVENT_NEWER, HOLDFAST_ERR_TRANSITION_FAILED.
 */
export async function stateAt(
  definitions: Definitions,
  stream: string,
  upTo: number,
  load: (request: LoadRequest) => Promise<LoadedStream>,
): Promise<StateAtVersion> {
  const { kind, id } = parseAddress(stream);
  const hosted = definitionOf(definitions, kind);
  const identity = { id, address: stream, onInput: () => undefined };
  let instance: Instance | undefined;
  let version = 0;
  for (let more = true; more && version < upTo; ) {
    const page = await load({ stream, after: version, fingerprint: null, key: null, allSeeds: true });
    instance ??= hosted.beginReplay(identity, page.seeds?.[0] ?? undefined);
    const wanted = Math.min(page.types.length, upTo - version);
    for (let index = 0; index < wanted; index++) {
      version++;
      const events = hosted.upcasting.event(stream, page, index);
      const at = version;
      instance = hosted.fold(instance, identity, {
        types: events.map(({ type }) => type),
        data: events.map(({ data }) => data),
        versionAt: () => at,
        seedAt: () => page.seeds?.[index],
      });
    }
    more = page.more && page.types.length > 0;
  }
  if (instance === undefined || version === 0) throw noEvents(stream);
  const { snapshot } = instance;
  const failure = failureToBegin(snapshot);
  if (failure !== undefined) throw failure;
  const { value: state, status, output } = snapshot;
  return { stream, version, state, context: contextToKeep(snapshot, id), status, output };
}

function noEvents(stream: string): Error {
  return holdfastError('HOLDFAST_ERR_ARGUMENT_INVALID', `There are no events of ${stream}.`);
}
