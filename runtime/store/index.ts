import '../node-version.ts';

// The door of `holdfast/store`: the event store alone, without actors.
export type { HoldfastErrorCode } from '../errors/codes.ts';
export { HoldfastError, type HoldfastErrorOf, isHoldfastError } from '../errors/holdfast-error.ts';
export type {
  EventStoreBackend,
  IntegrityProblem,
  IntegrityReport,
  LongWorkOptions,
  PageQuery,
  Progress,
  StoreStats,
} from '../ports/event-store-backend.ts';
export type {
  AppendReceipt,
  AppendRequest,
  EncodedEvent,
  EncodedSnapshot,
  ExpectedVersion,
} from '../protocol/append.ts';
export type { RecordedEvent } from '../protocol/recorded-event.ts';
export {
  type AppendOptions,
  type AppendResult,
  EventStore,
  type ReadAllOptions,
  type ReadOptions,
  type Snapshot,
  type SubscribeOptions,
} from './event-store.ts';
export { exportEvents, type TransferReport } from './export-events.ts';
export { importEvents } from './import-events.ts';
export { InMemoryEventStoreBackend } from './in-memory-backend.ts';
export { type ListedStream, type ListStreamsOptions, streamsOf } from './list-streams.ts';
export { ReadOnlySqliteBackend } from './read-only-backend.ts';
export { type SqliteBackendOptions, SqliteEventStoreBackend } from './sqlite-backend.ts';
export type { EventShape, NewEvent, StoredEvent } from './stored-event.ts';
