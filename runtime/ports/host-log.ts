import type { AppendReceipt, AppendRequest } from '../protocol/append.ts';
import type { LoadedStream, LoadRequest } from '../protocol/load.ts';

/** What a host needs of the store. Appends reach the writer in the order of the calls. */
export interface HostLog {
  /** Calls `settle` once the append is durable or has failed. */
  append(request: AppendRequest, settle: (outcome: AppendReceipt | Error) => void): void;
  load(request: LoadRequest): Promise<LoadedStream>;
}
