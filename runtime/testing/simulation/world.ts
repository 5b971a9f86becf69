import type {
  AggregateDefinition,
  AnyAggregateDefinition,
} from '../../../actors/definitions/define-aggregate.ts';
import type { AnyStateMachine, EventFromLogic } from '../../../actors/xstate-adapter.ts';
import type { Receipt, SendOptions } from '../../actor-ref.ts';
import type { ActorSnapshot } from '../../actor-snapshot.ts';
import type { Runtime } from '../../runtime.ts';
import type { SimulationRandom } from './random.ts';

/** What is durable at a moment: what invariants look at. */
export interface DurableWorld {
  /** The state of an actor that its stream leads to; `undefined` for one without events. */
  state<Machine extends AnyStateMachine, Inputs extends Record<string, unknown>>(
    definition: AggregateDefinition<Machine, Inputs>,
    id: string,
  ): ActorSnapshot<Machine> | undefined;
  /** The same for all actors of a definition that have events, in the order of their first. */
  states<Machine extends AnyStateMachine, Inputs extends Record<string, unknown>>(
    definition: AggregateDefinition<Machine, Inputs>,
  ): ActorSnapshot<Machine>[];
  /** The clock on the wall of the simulation, in milliseconds since 1970. */
  readonly now: number;
}

/** Options of {@link SimulatedWorld.send}: an `idempotencyKey` is made if none is given. */
export type SimulatedSendOptions = Pick<SendOptions, 'expectedVersion' | 'idempotencyKey' | 'metadata'>;

/**
 * A simulated world, as a script or a workload uses it: a process with a runtime over a disk, and the time that passes.
 * Its methods need no `this`.
 */
export interface SimulatedWorld extends DurableWorld {
  /** Chance from the seed. */
  readonly random: SimulationRandom;
  /** Which step of the workload this is, from 1; 0 in a script. */
  readonly step: number;
  /**
   * The runtime of the process that lives now, with all that a runtime can do but projections.
   *
   * @throws HOLDFAST_ERR_CLOSED while there is none, after a crash.
   */
  readonly runtime: Runtime;
  /**
   * Sends an event as a careful client does: under an idempotency key, and again until it is known what became of it,
   * over crashes of hosts and of the process. Resolves once it is durable. A rejection that nobody handles is ignored.
   *
   * @throws HOLDFAST_ERR_EVENT_REJECTED, and whatever else says that nothing was written.
   */
  send<Machine extends AnyStateMachine, Inputs extends Record<string, unknown>>(
    definition: AggregateDefinition<Machine, Inputs>,
    id: string,
    event: EventFromLogic<Machine>,
    options?: SimulatedSendOptions,
  ): Promise<Receipt<Machine>>;
  /** The same for a command. */
  execute<
    Machine extends AnyStateMachine,
    Inputs extends Record<string, unknown>,
    Name extends keyof Inputs & string,
  >(
    definition: AggregateDefinition<Machine, Inputs>,
    id: string,
    name: Name,
    ...rest: undefined extends Inputs[Name]
      ? [input?: Inputs[Name], options?: SimulatedSendOptions]
      : [input: Inputs[Name], options?: SimulatedSendOptions]
  ): Promise<Receipt<Machine>>;
  /** Lets time pass, in milliseconds. */
  advance(ms: number): Promise<void>;
  /** Lets time pass until nothing is left to do, at the most so many milliseconds. Default: `restMs`. */
  settle(withinMs?: number): Promise<void>;
  /** Ends the thread of every host, or of the one that an actor lives on. What they had in memory is gone. */
  crashHosts(definition?: AnyAggregateDefinition, id?: string): void;
  /** Ends the process. Resolves when the next one serves, over what is durable. */
  crashProcess(): Promise<void>;
  /** Sets the clock on the wall forward, or back. */
  setClock(byMs: number): void;
  /** Drops idle actors from memory. */
  passivate(): void;
  /** The next so many commits fail: the disk is full. */
  fillDisk(commits: number): void;
}
