import type { AppendReceipt, AppendRequest } from '../protocol/append.ts';
import type { DirectAnswer } from '../protocol/append-frame.ts';
import type { LoadedStream, LoadRequest } from '../protocol/load.ts';

/** What a host needs of the store. Appends reach the writer in the order of the calls. */
export interface HostLog {
  /**
   * Calls `settle` once the append is durable or has failed. With `answer`, the log tells the sender of the command itself
   * if it was appended, which saves a message; returns whether it does.
   */
  append(
    request: AppendRequest,
    settle: (outcome: AppendReceipt | Error) => void,
    answer: DirectAnswer | null,
  ): boolean;
  /** `at-once`: the request leaves before this returns, since the caller is going to compute meanwhile. */
  load(request: LoadRequest, sending?: 'at-once'): Promise<LoadedStream>;
}
