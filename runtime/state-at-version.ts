import { MessageChannel } from 'node:worker_threads';
import type { StateAtVersion } from '../actors/evolution/state-at.ts';
import { fromWireError } from './errors/wire-error.ts';
import { definitionPool } from './hosts/definition-pool.ts';
import { parseAddress } from './protocol/address.ts';
import { decode } from './protocol/codec.ts';
import { checkName } from './protocol/names.ts';
import { checkOptions, checkWholeOption } from './protocol/options.ts';
import type { SqliteEventStoreBackend } from './store/sqlite-backend.ts';

/** Options of {@link Runtime.stateAt}. */
export interface StateAtOptions {
  /** Up to this version of the stream. Default: its last event. */
  readonly version?: number;
  /** Gives up, and ends the thread that folds. */
  readonly signal?: AbortSignal;
}

/** Refuses what can be no stream of an actor, and no options. */
export function checkStateAt(stream: string, options: StateAtOptions): void {
  checkName('The name of a stream', stream);
  parseAddress(stream);
  checkOptions('stateAt', options, ['version', 'signal']);
  checkWholeOption('stateAt', 'version', options.version, 1);
  options.signal?.throwIfAborted();
}

/** Folds the state of an actor at a version, on a thread of its own. */
export async function stateAtVersion(
  backend: SqliteEventStoreBackend,
  { modules, memoryMb }: { readonly modules: readonly string[]; readonly memoryMb: number },
  stream: string,
  options: StateAtOptions & { readonly signal: AbortSignal },
): Promise<StateAtVersion> {
  const { version: upTo = Number.MAX_SAFE_INTEGER } = options;
  const reader = await backend.reader();
  // Who waits for a page of it is not told of its end.
  const lost = new AbortController();
  const forget = reader.thread.onEnded((reason) => lost.abort(reason));
  const signal = AbortSignal.any([options.signal, lost.signal]);
  const { port1, port2 } = new MessageChannel();
  const pool = definitionPool(1, { modules, memoryMb, workerUrl: backend.workerUrl });
  try {
    await reader.connectHost(port1);
    const found = await pool.run(
      'foldState',
      { modules, stream, upTo, reads: port2 },
      { transfer: [port2], signal },
    );
    if ('failed' in found) throw fromWireError(found.failed);
    return decode(found.state) as StateAtVersion;
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    forget();
    // Where it was never handed over, the reader would keep the other end.
    port2.close();
    await pool.destroy();
  }
}
