import type { IntegrityProblem } from '../ports/event-store-backend.ts';
import type { FoldedState, FoldStateRequest } from '../protocol/fold-state.ts';
import type { LaneData } from '../protocol/lane.ts';
import type { SealedRow } from '../protocol/reader-control.ts';
import type { RehearsalBatch, RehearsedBatch } from '../protocol/rehearsal.ts';
import { sealEvent } from '../protocol/seal-event.ts';

/** The work that runs in the CPU pool: functions of what can be cloned or moved that change nothing, one export each. */
export function checkSeals(rows: readonly SealedRow[]): IntegrityProblem[] {
  const problems: IntegrityProblem[] = [];
  for (const [position, id, stream, , type, schemaVersion, data, metadata, parents, hash] of rows) {
    if (hash !== sealEvent({ id, stream, type, schemaVersion, data, metadata }, parents)) {
      problems.push({
        kind: 'hash',
        message: `Event ${position} (${id} of ${stream}) is not what was written.`,
      });
    }
    for (const payload of [data, metadata ?? 'null']) {
      if (!isJson(payload)) {
        problems.push({
          kind: 'payload',
          message: `A payload of event ${position} (${id} of ${stream}) is not JSON.`,
        });
      }
    }
  }
  return problems;
}

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

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
