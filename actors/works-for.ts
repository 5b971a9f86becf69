import type { HostProgress } from '../runtime/ports/host-progress.ts';
import type { HostRequest } from '../runtime/protocol/host-messages.ts';

/** Notes for which request, or for which actor if it comes from within, code of the user runs from now on. */
export function worksFor(progress: HostProgress, { id, address }: Pick<HostRequest, 'id' | 'address'>): void {
  progress.working(id);
  progress.workingFor(id === 0 ? address : '');
}
