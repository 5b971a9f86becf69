import { isInternalType } from '../runtime/protocol/internal-type.ts';
import type { LoadedStream } from '../runtime/protocol/load.ts';
import type { ActorIdentity } from './actor-tree.ts';
import type { EvolutionReports } from './evolution-reports.ts';
import type { HostedDefinition, Instance } from './hosted-definition.ts';

/**
 * Folds a page of a stream into the state before it: the events as this definition takes them. Those that change
 * nothing are reported.
 *
 * @throws HOLDFAST_ERR_UPCAST_FAILED, HOLDFAST_ERR_EVENT_NEWER, HOLDFAST_ERR_TRANSITION_FAILED.
 */
export function foldPage(
  hosted: HostedDefinition,
  identity: ActorIdentity,
  from: Instance,
  page: LoadedStream,
  reports: EvolutionReports | undefined,
): Instance {
  const { address } = identity;
  const current = hosted.upcasting.page(address, page);
  return hosted.fold(from, identity, current, (index) => {
    const type = current.types[index] as string;
    if (isInternalType(type)) return;
    const reason = hosted.knows(type) ? 'not-accepted' : 'unknown-type';
    reports?.skipped({ address, type, version: current.versionAt(index), reason });
  });
}
