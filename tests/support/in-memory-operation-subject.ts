import { InMemoryOperations } from '../../runtime/store/in-memory-operations.ts';
import type { OperationSubject } from './operation-subject.ts';

/** Operations in memory. */
export function inMemorySubject(): OperationSubject {
  const alive = new Set<string>();
  return {
    store: new InMemoryOperations((run) => alive.has(run)),
    begin: (run) => alive.add(run),
    kill: (run) => alive.delete(run),
  };
}
