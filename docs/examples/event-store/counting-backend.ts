// counting-backend.ts
import { type AppendReceipt, type AppendRequest, InMemoryEventStoreBackend } from 'holdfast/store';

/** Keeps everything in memory, and counts what was asked of it: all but `append` is the backend that it extends. */
export class CountingBackend extends InMemoryEventStoreBackend {
  appends = 0;

  override append(request: AppendRequest): Promise<AppendReceipt> {
    this.appends++;
    return super.append(request);
  }
}
