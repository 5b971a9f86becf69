import { installEntropy } from '../../actors/steps/install-entropy.ts';
import { toWireError } from '../errors/wire-error.ts';
import type { LaneAnswer, LaneData, LaneQuestion } from '../protocol/lane.ts';
import { Pulse } from '../protocol/pulse.ts';
import type { ReaderRequests } from '../protocol/reader-control.ts';
import { RequestClient } from '../threads/request-port.ts';
import { loadProjections } from './load-projections.ts';
import type { Projector } from './projector.ts';

/**
 * Runs handlers of projections in this thread: takes ranges of events over a port, reads them, and answers with what
 * they do. Resolves when the port is closed.
 */
export async function serveLane(data: LaneData): Promise<void> {
  const { requests, modules } = data;
  const pulse = new Pulse(data.pulse);
  const reads = new RequestClient<ReaderRequests>(data.reads);
  const closed = new Promise<void>((resolve) => requests.once('close', resolve));
  const answer = (given: LaneAnswer, bytes?: Uint8Array<ArrayBuffer> | null): void =>
    requests.postMessage(given, bytes ? [bytes.buffer] : []);
  try {
    installEntropy();
    const projectors = await loadProjections(modules, (generation, partition, at) => {
      pulse.waits();
      return reads.request('projectionState', generation, partition, at);
    });
    pulse.waits();
    answer({ loaded: [...projectors.values()].map(({ summary }) => summary) });
    serve(data, projectors, reads, pulse, answer);
  } catch (error) {
    pulse.waits();
    answer({ failed: toWireError(error) });
  }
  await closed;
  reads.close();
}

function serve(
  { requests, isTrial }: LaneData,
  projectors: ReadonlyMap<string, Projector>,
  reads: RequestClient<ReaderRequests>,
  pulse: Pulse,
  answer: (given: LaneAnswer, bytes?: Uint8Array<ArrayBuffer> | null) => void,
): void {
  let last: Promise<void> = Promise.resolve();
  requests.on('message', ({ id, request }: LaneQuestion) => {
    const { name, after, upTo } = request;
    const projector = projectors.get(name);
    if (projector === undefined)
      return answer({ id, error: toWireError(new Error(`no projection ${name}`)) });
    // The next range is read while this one is computed.
    const page = reads.request('projectionPage', { after, upTo, types: projector.types });
    reads.flush();
    page.catch(() => undefined);
    last = last.then(async () => {
      try {
        const events = await page;
        const result = await projector.run(request, events, {
          begins: (position) => pulse.computes(id, position - after),
          ends: () => pulse.computes(id, 0),
        });
        pulse.waits();
        // A rejection that nobody handles ends the thread before that.
        await new Promise(setImmediate);
        if (isTrial) await settled();
        answer({ id, result }, result === 'moved' ? null : result.effects);
      } catch (error) {
        pulse.waits();
        answer({ id, error: toWireError(error) });
      }
    });
  });
}

/** Waits for what handlers have begun and left, as far as it ends soon: if it throws, the thread ends without an answer. */
async function settled(): Promise<void> {
  for (let left = 25; left > 0; left--) {
    await new Promise((resolve) => setTimeout(resolve, 10).unref());
    if (!process.getActiveResourcesInfo().some((name) => name === 'Timeout' || name === 'Immediate')) return;
  }
}
