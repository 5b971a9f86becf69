import type { HostProgress } from '../../runtime/ports/host-progress.ts';
import type { HostRequest } from '../../runtime/protocol/host-messages.ts';

/** For whom code of the user runs: a request, or, as its number is 0, an actor by what comes from within it. */
export type Occasion = Pick<HostRequest, 'id' | 'address'>;

/** Notes for which request, or for which actor if it comes from within, code of the user runs from now on. */
export function worksFor(progress: HostProgress, { id, address }: Occasion): void {
  progress.working(id);
  progress.workingFor(id === 0 ? address : '');
}

/** Notes that code of the user runs for nobody any more. */
export function worksForNobody(progress: HostProgress): void {
  progress.working(0);
  progress.workingFor('');
}
