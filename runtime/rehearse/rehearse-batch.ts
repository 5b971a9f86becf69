import type { Definitions } from '../../actors/definitions/definition-of.ts';
import { loadDefinitions } from '../../actors/definitions/load-definitions.ts';
import { type RehearsalReads, rehearseStream } from '../../actors/evolution/rehearse-stream.ts';
import { installEntropy } from '../../actors/steps/install-entropy.ts';
import { toWireError } from '../errors/wire-error.ts';
import { parseAddress } from '../protocol/address.ts';
import { Pulse } from '../protocol/pulse.ts';
import type { ReaderRequests } from '../protocol/reader-control.ts';
import type { RefusedKind, RehearsalBatch, RehearsedBatch } from '../protocol/rehearsal.ts';
import { RequestClient } from '../threads/request-port.ts';
import { Tally } from './tally.ts';

/** Replays the streams of a batch in this thread, one after the other, page by page. */
export async function rehearseBatch(batch: RehearsalBatch): Promise<RehearsedBatch> {
  const pulse = new Pulse(batch.pulse);
  const reads = new RequestClient<ReaderRequests>(batch.reads);
  try {
    pulse.computes(-1, 0);
    installEntropy();
    let definitions: Definitions;
    try {
      definitions = await loadDefinitions(batch.modules);
    } catch (error) {
      return { failed: toWireError(error) };
    }
    const { ok: _, ...found } = await rehearseAll(batch.streams, definitions, reads, pulse);
    return { ...found, refused: refusedOf(definitions) };
  } finally {
    reads.close();
  }
}

/** Kinds whose machine cannot be hosted. The others are replayed, as they would go on working. */
function refusedOf(definitions: Definitions): RefusedKind[] {
  return [...definitions].flatMap(([kind, hosted]) =>
    hosted instanceof Error ? [{ kind, message: hosted.message }] : [],
  );
}

async function rehearseAll(
  streams: readonly string[],
  definitions: Definitions,
  client: RequestClient<ReaderRequests>,
  pulse: Pulse,
) {
  const tally = new Tally();
  const reads: RehearsalReads = {
    load(request) {
      const loaded = client.request('load', request);
      client.flush();
      return loaded;
    },
    actorSnapshot: (stream) => client.request('actorSnapshot', stream),
  };
  for (const kind of definitions.keys()) tally.replayed(kind, 0, 0);
  for (const [index, stream] of streams.entries()) {
    const { kind } = parseAddress(stream);
    const hosted = definitions.get(kind);
    if (hosted instanceof Error) continue;
    if (hosted === undefined) {
      const message = `No module exports a definition of "${kind}".`;
      tally.found({ problem: 'unknown-kind', kind, stream, version: 0, position: 0, type: '', message });
      continue;
    }
    const events = await rehearseStream(hosted, stream, reads, {
      computes: (version) => pulse.computes(index, version),
      waits: () => pulse.waits(),
      found: (problem) => tally.found(problem),
    });
    tally.replayed(kind, 1, events);
  }
  return tally.report();
}
