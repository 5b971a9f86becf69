import { type Definitions, definitionOf } from '../../actors/definition-of.ts';
import type { HostedDefinition } from '../../actors/hosted-definition.ts';
import { installEntropy } from '../../actors/install-entropy.ts';
import { loadDefinitions } from '../../actors/load-definitions.ts';
import { type RehearsalReads, rehearseStream } from '../../actors/rehearse-stream.ts';
import { toWireError } from '../errors/wire-error.ts';
import { parseAddress } from '../protocol/address.ts';
import { Pulse } from '../protocol/pulse.ts';
import type { ReaderRequests } from '../protocol/reader-control.ts';
import type { RehearsalBatch, RehearsedBatch } from '../protocol/rehearsal.ts';
import { RequestClient } from '../threads/request-port.ts';
import { Tally } from './tally.ts';

/** Replays the streams of a batch in this thread, one after the other, page by page. */
export async function rehearseBatch(batch: RehearsalBatch): Promise<RehearsedBatch> {
  const pulse = new Pulse(batch.pulse);
  const reads = new RequestClient<ReaderRequests>(batch.reads);
  try {
    pulse.computes(-1, 0);
    installEntropy();
    let definitions: ReadonlyMap<string, HostedDefinition>;
    try {
      definitions = allHosted(await loadDefinitions(batch.modules));
    } catch (error) {
      return { failed: toWireError(error) };
    }
    const { ok: _, ...found } = await rehearseAll(batch.streams, definitions, reads, pulse);
    return found;
  } finally {
    reads.close();
  }
}

/** A rehearsal says first of all that a machine is refused. */
function allHosted(definitions: Definitions): ReadonlyMap<string, HostedDefinition> {
  const kinds = [...definitions.keys()];
  return new Map(kinds.map((kind) => [kind, definitionOf(definitions, kind)]));
}

async function rehearseAll(
  streams: readonly string[],
  definitions: ReadonlyMap<string, HostedDefinition>,
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
