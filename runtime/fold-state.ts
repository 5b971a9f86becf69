import { loadDefinitions } from '../actors/definitions/load-definitions.ts';
import { stateAt } from '../actors/evolution/state-at.ts';
import { installEntropy } from '../actors/steps/install-entropy.ts';
import { toWireError } from './errors/wire-error.ts';
import { encode } from './protocol/codec.ts';
import type { FoldedState, FoldStateRequest } from './protocol/fold-state.ts';
import type { ReaderRequests } from './protocol/reader-control.ts';
import { RequestClient } from './threads/request-port.ts';

/** Folds one stream up to a version in this thread, which the code of the application may end. */
export async function foldState({ modules, stream, upTo, reads }: FoldStateRequest): Promise<FoldedState> {
  const reader = new RequestClient<ReaderRequests>(reads);
  try {
    installEntropy();
    const definitions = await loadDefinitions(modules);
    const load = (request: Parameters<ReaderRequests['load']>[0]) => {
      const loaded = reader.request('load', request);
      reader.flush();
      return loaded;
    };
    return { state: encode(await stateAt(definitions, stream, upTo, load), stream) };
  } catch (error) {
    return { failed: toWireError(error) };
  } finally {
    reader.close();
  }
}
