import type { FoldedState, FoldStateRequest } from '../protocol/fold-state.ts';
import type { LaneData } from '../protocol/lane.ts';
import type { RehearsalBatch, RehearsedBatch } from '../protocol/rehearsal.ts';

// The work that runs in the CPU pool: functions of what can be cloned or moved that change nothing, one export each.
export { checkSeals } from './check-seals.ts';

/** Replays streams with the definitions of an application: see `runtime/rehearse/`. */
export async function rehearseStreams(batch: RehearsalBatch): Promise<RehearsedBatch> {
  // Machines are loaded only by threads that replay them.
  return (await import('../rehearse/rehearse-batch.ts')).rehearseBatch(batch);
}

/** Computes ranges of events for projections until its port is closed: see `runtime/projections/lane.ts`. */
export async function runLane(data: LaneData): Promise<void> {
  await (await import('../projections/lane.ts')).serveLane(data);
}

/** The same, for a thread that does nothing else: it is not waited for. */
export function startLane(data: LaneData): void {
  void runLane(data);
}

/** Folds one stream up to a version with the definitions of an application. */
export async function foldState(request: FoldStateRequest): Promise<FoldedState> {
  return (await import('../fold-state.ts')).foldState(request);
}
