import '../node-version.ts';

// The door of `holdfast/resilience`: policies for calls that may fail.
export type { Clock } from '../ports/clock.ts';
export type { MonotonicClock } from '../ports/monotonic-clock.ts';
export type { OperationStore } from '../ports/operation-store.ts';
export type {
  ClaimedOperation,
  ClaimResult,
  EnqueueResult,
  NewOperation,
  OperationClaim,
  OperationLimits,
  OperationMetrics,
  OperationOutcome,
  OperationOverflow,
  OperationQuery,
  OperationState,
  StoredOperation,
} from '../protocol/operation.ts';
export { InMemoryOperations } from '../store/in-memory-operations.ts';
export { type Bulkhead, type BulkheadOptions, bulkhead } from './policies/bulkhead.ts';
export { type CacheEntry, type CacheStore, createMemoryCacheStore } from './policies/cache-store.ts';
export {
  type Cached,
  type CachedOptions,
  type ConnectivityStatusSource,
  cached,
  type StaleNotice,
} from './policies/cached.ts';
export { type CircuitBreakerLike, circuit } from './policies/circuit.ts';
export { type FallbackOptions, type FallbackSource, fallback } from './policies/fallback.ts';
export { isTransient } from './policies/is-transient.ts';
export { type Pipeline, type PipelineOptions, pipeline } from './policies/pipeline.ts';
export type { ExecuteOptions, Policy, PolicyContext, PolicyFunction } from './policies/policy.ts';
export { attemptsOf, type RetryNotice, type RetryOptions, retry } from './policies/retry.ts';
export { createRetryBudget, type RetryBudget, type RetryBudgetOptions } from './policies/retry-budget.ts';
export { timeout } from './policies/timeout.ts';
export { wrap } from './policies/wrap.ts';
