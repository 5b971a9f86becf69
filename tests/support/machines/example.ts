import type { Define } from '../statechart-oracle.ts';
import type { ScriptStep } from '../statechart-step.ts';

/** A machine as somebody would write it, and something that happens to it. */
export interface Example {
  readonly machine: Define;
  readonly input?: unknown;
  readonly script: readonly ScriptStep[];
}
