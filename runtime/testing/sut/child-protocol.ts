import type { WireError } from '../../errors/wire-error.ts';
import type { FaultStep } from '../model/model-step.ts';
import type { Outcome, Taking } from './system-under-test.ts';

/** What the process of a runtime under test is started with. */
export interface ChildOptions {
  readonly database: string;
  readonly folder: string;
  readonly modules: readonly string[];
  readonly kind: string;
  /** The signature of the blueprint that hosts make their containers from. */
  readonly container: string | undefined;
  readonly hosts: number;
  readonly faults: readonly string[];
  readonly stepTimeoutMs: number;
  readonly wallMs: number;
}

/** What has become durable of an actor; values are encoded. */
export interface ChildObserved {
  readonly version: number;
  readonly shown: string;
  readonly journal: readonly { readonly type: string; readonly data: string; readonly id: string }[];
}

/** A step for an actor, with the clock on the wall. */
export interface ChildTaking extends Omit<Taking, 'nowMs'> {
  readonly id: string;
  /** Encoded. */
  readonly step: string;
  readonly wallMs: number;
}

/** What the process can be asked for. */
export interface ChildCalls {
  open(options: ChildOptions): Promise<void>;
  /** `input` is encoded; absent if none is given. */
  begin(id: string, input: string | undefined, wallMs: number): Promise<void>;
  take(taking: ChildTaking): Promise<Outcome>;
  fault(id: string, fault: FaultStep, wallMs: number): Promise<void>;
  observe(id: string, after: number): Promise<ChildObserved>;
}

/** A call to the process. */
export interface ChildRequest {
  readonly id: number;
  readonly call: keyof ChildCalls;
  readonly args: readonly unknown[];
}

/** Its answer. */
export interface ChildAnswer {
  readonly id: number;
  readonly result?: unknown;
  readonly failed?: WireError;
}
