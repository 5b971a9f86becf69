import type { Model } from '../model/model.ts';
import type { FaultStep, ModelStep } from '../model/model-step.ts';

/** How an instance begins. */
export interface Beginning {
  /** Another one each time, so that one system serves many runs. */
  readonly id: string;
  readonly model: Model;
  /** The input of the machine, if it is given one. */
  readonly given: { readonly input: unknown } | undefined;
  /** The clock of the model at the beginning, in milliseconds. */
  readonly nowMs: number;
}

/** What the model knows of a step that a system is to take. */
export interface Taking {
  /** The same for this step only: the idempotency key to repeat it with. */
  readonly key: string;
  /** The clock of the model, in milliseconds: what is due at this moment, and has not come, is due now. */
  readonly nowMs: number;
  /** How many events the model's journal has before and after it; equal if it comes to nothing. */
  readonly version: { readonly before: number; readonly after: number };
  /** The key of the work that it tells of. */
  readonly workKey: string | undefined;
  /** What goes wrong meanwhile. */
  readonly faults: readonly FaultStep[];
}

/** What came of a step. */
export interface Outcome {
  /** Whether it was taken. One that was refused has changed nothing. */
  readonly accepted: boolean;
  /** Why it was refused. */
  readonly why?: string;
}

/** What can be seen of an instance. Only what is there is compared. */
export interface Observed {
  readonly status?: string;
  /** The state value. */
  readonly state?: unknown;
  readonly context?: unknown;
  readonly output?: unknown;
  /** How many events its journal has. */
  readonly version?: number;
  /**
   * The events that have become durable since this was last asked, in order. Their ids, if they are those of the system,
   * are what the model draws time and chance from.
   */
  readonly journal?: readonly { readonly type: string; readonly data: unknown; readonly id?: string }[];
}

/** One actor, document or session of a system, which is led along the same way as the model. */
export interface SystemInstance {
  /** Has a step happen. Timers and outcomes of work are steps too, and must not happen by themselves. */
  take(step: ModelStep, taking: Taking): Promise<Outcome>;
  /** Has something go wrong between two steps, and resolves when it has. */
  fault?(fault: FaultStep, nowMs: number): Promise<void>;
  observe(): Promise<Observed>;
  /** Nothing more comes. */
  end?(): Promise<void>;
}

/**
 * What a model is compared with: a real runtime ({@link runtimeSut}), or a system of your own that should behave as the
 * machine does, such as an app that is driven by its interface. What rejects counts as a difference.
 */
export interface SystemUnderTest {
  /** What can go wrong between steps. */
  readonly faults?: readonly string[];
  /** What can go wrong while a step is under way: handed over with the step. */
  readonly amidFaults?: readonly string[];
  begin(beginning: Beginning): Promise<SystemInstance>;
  /** Frees everything. The next `begin`, if there is one, starts anew. */
  close?(): Promise<void>;
}
