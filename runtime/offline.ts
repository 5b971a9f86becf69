import './node-version.ts';

// The door of `holdfast/offline`: what `holdfast` has, with a dependency tree, a bundle and a system-call trace that
// contain no network at all. What needs a network never gets an export here.
export {
  type AggregateDefinition,
  type AggregateOptions,
  type CommandDefinition,
  type Decide,
  type DecideArgs,
  defineAggregate,
  type EventSchemas,
} from '../actors/define-aggregate.ts';
export type { StandardSchema } from '../actors/standard-schema.ts';
export type { ActorRef, Receipt, SendOptions, WaitOptions } from './actor-ref.ts';
export type { ActorSnapshot } from './actor-snapshot.ts';
export { createRuntime } from './create-runtime.ts';
export type { HoldfastErrorCode } from './errors/codes.ts';
export { HoldfastError, type HoldfastErrorOf, isHoldfastError } from './errors/holdfast-error.ts';
export type { RuntimeHealth, ServiceState } from './health.ts';
export type { HostHealth, HostState, LastDeath, QuarantinedActor } from './hosts/host-health.ts';
export type { MailboxOverflow } from './hosts/mailboxes.ts';
export type { RuntimeOptions } from './options.ts';
export type { DeadLetter, DeadLetterReason } from './protocol/dead-letter.ts';
export type { DeathCause, DeathEvidence } from './protocol/host-death.ts';
export type { Runtime, RuntimeState } from './runtime.ts';
export type { SupervisionOptions } from './supervision-options.ts';
