import type { AppendReceipt, AppendRequest } from '../protocol/append.ts';
import type { LoadedStream, LoadRequest } from '../protocol/load.ts';

/** What a host needs of the store. Appends reach the writer in the order of the calls. */
export interface HostLog {
  /** Calls `settle` once the append is durable or has failed. */
  append(request: AppendRequest, settle: (outcome: AppendReceipt | Error) => void): void;
  /** `at-once`: the request leaves before this returns, since the caller is going to compute meanwhile. */
  load(request: LoadRequest, sending?: 'at-once'): Promise<LoadedStream>;
}
