import type { BindingKind } from '../protocol/container-blueprint.ts';
import type { Layer } from './layer.ts';
import type { BindingStatus } from './slot.ts';

/** What is known of one binding: when it was made, for whom, and what took its time. */
export interface BindingReport {
  readonly name: string;
  readonly kind: Exclude<BindingKind, 'value'>;
  readonly status: BindingStatus;
  /** What had it made the last time: `'binding'` is the factory of another, by the name of `asker`. */
  readonly startedBy: 'creation' | 'get' | 'warm-up' | 'binding' | null;
  readonly asker: string | null;
  /** Milliseconds from the creation of the container to the last start. */
  readonly startedAtMs: number | null;
  /** Milliseconds that its own factory has taken, without those of `waitingMs`. 0 until it is settled. */
  readonly ownMs: number;
  /** Milliseconds in which it waited for dependencies that were being made. */
  readonly waitingMs: number;
  /** How often it was tried. */
  readonly attempts: number;
  /** What the last attempt has failed with. */
  readonly error: unknown;
}

/** The bindings of a container, or the scoped ones of a scope, in the order in which they were bound. */
export function reportOf(layer: Layer): BindingReport[] {
  const { bindings, settings } = layer.family;
  const isScope = layer.parent !== undefined;
  const reports: BindingReport[] = [];
  for (const binding of bindings.values()) {
    const { name, kind } = binding;
    if (kind === 'value' || (kind === 'scoped') !== isScope) continue;
    const { status, attempts, last } = layer.slotOf(binding);
    const { startedBy = null, asker = null, startedAt, totalMs = 0, waitingMs = 0, error } = last ?? {};
    reports.push({
      name,
      kind,
      status,
      startedBy,
      asker,
      startedAtMs: startedAt === undefined ? null : startedAt - settings.createdAt,
      ownMs: Math.max(0, totalMs - waitingMs),
      waitingMs,
      attempts,
      error,
    });
  }
  return reports;
}
