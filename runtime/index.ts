// The door of `holdfast`: explicit exports, no logic. `holdfast/offline` has the same.

import './node-version.ts';

export { type LintProblem, lintMachine } from '../actors/charts/lint-machine.ts';
export { addressOf } from '../actors/definitions/address-of.ts';
export {
  type AggregateDefinition,
  type AggregateOptions,
  type CommandDefinition,
  type Decide,
  type DecideArgs,
  defineAggregate,
  type EventSchemas,
  type WorkOptions,
} from '../actors/definitions/define-aggregate.ts';
export { idempotencyKeyOf } from '../actors/definitions/idempotency-key-of.ts';
export type { Migrate, MigratedSnapshot, OlderSnapshot } from '../actors/definitions/migrate.ts';
export type { StandardSchema } from '../actors/definitions/standard-schema.ts';
export type { UpcastChain, UpcastChains, UpcastEvent, Upcaster } from '../actors/definitions/upcast.ts';
export type { StateAtVersion } from '../actors/evolution/state-at.ts';
export type { TripRule } from '../machines/circuit-breaker.machine.ts';
export type { SupervisionStrategy } from '../machines/supervisor.machine.ts';
export type { ActorRef, ActorRefOf, Receipt, SendOptions, StartOptions, WaitOptions } from './actor-ref.ts';
export type { ActorSnapshot } from './actor-snapshot.ts';
export { createRuntime } from './create-runtime.ts';
export type { Emitted } from './delivery/emitted-listeners.ts';
export type { HoldfastErrorCode } from './errors/codes.ts';
export { HoldfastError, type HoldfastErrorOf, isHoldfastError } from './errors/holdfast-error.ts';
export type { RuntimeHealth, ServiceState } from './health.ts';
export type { HostHealth, HostState, LastDeath, QuarantinedActor } from './hosts/host-health.ts';
export type { MailboxOverflow } from './hosts/mailboxes.ts';
export type { RuntimeOptions } from './options.ts';
export type { LongWorkOptions, Progress } from './ports/event-store-backend.ts';
export {
  type AnyProjectionDefinition,
  defineProjection,
  type FoldHandler,
  type FoldProjectionOptions,
  type ProjectionDefinition,
  type ProjectionErrorPolicy,
  type TableHandler,
  type TableProjectionOptions,
} from './projections/define-projection.ts';
export {
  defineReactor,
  type ReactorDefinition,
  type ReactorHandler,
  type ReactorOptions,
} from './projections/define-reactor.ts';
export type { LiveRows } from './projections/live-query.ts';
export type { ProjectionEvent } from './projections/projection-event.ts';
export type {
  ProjectionHealth,
  ProjectionProblem,
  ProjectionState,
  ProjectionsHealth,
} from './projections/projection-health.ts';
export type { LiveOptions, QueryOptions, QueryParameters } from './projections/projection-options.ts';
export type { RowChanges } from './projections/row-changes.ts';
export type { Send, SentMessage } from './projections/send.ts';
export type { Sql, SqlStatement, SqlValue } from './projections/sql.ts';
export type { AddressRef } from './protocol/address-ref.ts';
export type { DeadLetter, DeadLetterReason } from './protocol/dead-letter.ts';
export type { PendingCounts } from './protocol/delivery.ts';
export type { DeathCause, DeathEvidence } from './protocol/host-death.ts';
export type { OperationMetrics, OperationState } from './protocol/operation.ts';
export type {
  RehearsalCounts,
  RehearsalProblem,
  RehearsalProblemName,
  RehearsalReport,
  RehearsedKind,
} from './protocol/rehearsal.ts';
export type { SkippedEventCount, SkippedReason } from './protocol/skipped-event.ts';
export type { TimerPlace, TimerPolicy } from './protocol/timer.ts';
export type { RehearseOptions } from './rehearse/rehearse-options.ts';
export type { Call } from './resilience/call-queue.ts';
export type { CallOptions, CallResult } from './resilience/call-result.ts';
export type { CircuitBreaker } from './resilience/circuit-breaker.ts';
export type { CircuitBreakerOptions } from './resilience/circuit-breaker-options.ts';
export type { CircuitMetrics, CircuitState } from './resilience/circuit-metrics.ts';
export type { Connectivity, ConnectivityState, ConnectivityStatus } from './resilience/connectivity.ts';
export type { ConnectivityOptions } from './resilience/connectivity-options.ts';
export {
  alwaysOffline,
  alwaysOnline,
  type ConnectivityProbe,
  interfaceProbe,
  type ProbeResult,
} from './resilience/connectivity-probe.ts';
export type { Enqueued, EnqueueOptions } from './resilience/enqueue-options.ts';
export type { OperationRecord } from './resilience/operation-record.ts';
export type { ListOperationsOptions, StoreAndForward } from './resilience/store-and-forward.ts';
export type {
  OperationContext,
  OperationHandler,
  OperationHandlers,
  StoreAndForwardOptions,
} from './resilience/store-and-forward-options.ts';
export type { Runtime } from './runtime.ts';
export type { RuntimeState } from './runtime-state.ts';
export type { StateAtOptions } from './state-at-version.ts';
export type { SupervisionOptions } from './supervision-options.ts';
