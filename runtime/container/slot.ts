import type { NamedBinding } from './binding.ts';
import type { Initialisation } from './initialisation.ts';
import type { Layer } from './layer.ts';

/** What a binding is doing: nobody has asked for it, it is being made, it is there, or its factory has failed. */
export type BindingStatus = 'idle' | 'initialising' | 'ready' | 'failed';

/** The place of the value of one binding in a container or scope. */
export class Slot {
  readonly binding: NamedBinding;
  readonly layer: Layer;
  status: BindingStatus = 'idle';
  value: unknown;
  /** Resolves with the value: of the run of the factory that is under way, or that has ended. */
  promise: Promise<unknown> | undefined;
  /** The run that is under way. */
  run: Initialisation | undefined;
  /** The end of a factory that was given up, and has to be waited for: no two of them ever run at a time. */
  lingering: Promise<void> | undefined;
  /** What the report says of the last run. */
  last: LastRun | undefined;
  attempts = 0;

  constructor(binding: NamedBinding, layer: Layer) {
    this.binding = binding;
    this.layer = layer;
  }

  /** The value is there. */
  fill(value: unknown): void {
    this.status = 'ready';
    this.value = value;
    this.run = undefined;
  }

  fail(): void {
    this.status = 'failed';
    this.run = undefined;
  }
}

/** One run of a factory, for the report. */
export interface LastRun {
  readonly startedBy: 'creation' | 'get' | 'warm-up' | 'binding';
  /** The binding that asked for it. */
  readonly asker: string | null;
  /** By the clock of the container. */
  readonly startedAt: number;
  totalMs: number;
  waitingMs: number;
  error: unknown;
}
