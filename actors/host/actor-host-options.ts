import type { HostLog } from '../../runtime/ports/host-log.ts';
import type { HostProgress } from '../../runtime/ports/host-progress.ts';
import type { ThreadServices } from '../../runtime/protocol/container-blueprint.ts';
import type { HostReceipt } from '../../runtime/protocol/host-messages.ts';
import type { Definitions } from '../definitions/definition-of.ts';
import type { EvolutionReports } from '../evolution/evolution-reports.ts';
import type { TransitionListener } from '../steps/transition-listener.ts';
import type { MachineEvent } from '../xstate-adapter.ts';
import type { ResidencyOptions } from './residency.ts';

/** What a host is made of. */
export interface ActorHostOptions extends ResidencyOptions {
  readonly definitions: Definitions;
  readonly log: HostLog;
  /** Of this run of the runtime: work that another one has under way is left to it. */
  readonly runtimeId: string;
  /** What invoked work and actions may ask. */
  readonly services?: ThreadServices | undefined;
  /** Actors whose interrupted work fails instead of being run again: host threads have died of it. */
  readonly convicted?: ReadonlySet<string>;
  /** Actors whose work is not run at all: a thread died of them even then. */
  readonly givenUp?: ReadonlySet<string>;
  /** Answers a request, or tells one of its watchers of a change. */
  readonly answer: (id: number, answer: HostReceipt | Error) => void;
  /** Told of an effect that threw after its commit. */
  readonly onEffectFailed: (address: string, type: string, error: unknown) => void;
  /** Told of every event that an actor has emitted. */
  readonly onEmitted: (address: string, event: MachineEvent) => void;
  /** Told of what has become durable, before its effects are carried out. */
  readonly onTransition?: TransitionListener;
  /** Told of what could not be used of the past. */
  readonly reports?: EvolutionReports;
  /** Told what the host works on. */
  readonly progress?: HostProgress;
}
