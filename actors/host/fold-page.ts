import type { LoadedStream } from '../../runtime/protocol/load.ts';
import type { HostedDefinition, Instance } from '../definitions/hosted-definition.ts';
import type { EvolutionReports } from '../evolution/evolution-reports.ts';
import { reasonPassedOver } from '../evolution/passed-over.ts';
import type { ActorIdentity } from '../steps/actor-tree.ts';

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
    const reason = reasonPassedOver(hosted, type);
    reports?.skipped({ address, type, version: current.versionAt(index), reason });
  });
}
