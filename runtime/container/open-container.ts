import { containerDisposeFailed } from '../observability/channels.ts';
import { type MonotonicClock, monotonicClock, timerMaxMs } from '../ports/monotonic-clock.ts';
import { checkOptions, checkSignal, checkWholeOption } from '../protocol/options.ts';
import { closeLayer } from './close-layer.ts';
import { LiveContainer } from './container.ts';
import type { BindingFailure } from './container-errors.ts';
import { Family } from './family.ts';
import { Layer } from './layer.ts';
import type { Plan } from './plan.ts';
import { Resolution } from './resolution.ts';

/** How a container is made. */
export interface ContainerOptions {
  /** How long a factory may take, in milliseconds. Default: without end. */
  readonly initTimeoutMs?: number;
  /** How long `close` waits for factories under way, and then for each value that is disposed. Default 10,000. */
  readonly closeTimeoutMs?: number;
  /** Ends the creation, while eager bindings are being made; what was made is disposed. */
  readonly signal?: AbortSignal;
  /** The clock of time-outs and of the report. */
  readonly clock?: MonotonicClock;
}

/** A container whose eager bindings are ready. If one of them fails, what was made before is disposed. */
export async function openContainer(plan: Plan, options: ContainerOptions = {}): Promise<LiveContainer> {
  const owner = 'createContainer';
  checkOptions(owner, options, ['initTimeoutMs', 'closeTimeoutMs', 'signal', 'clock']);
  const { initTimeoutMs, closeTimeoutMs = 10_000, signal, clock = monotonicClock } = options;
  checkWholeOption(owner, 'initTimeoutMs', initTimeoutMs, 1, timerMaxMs);
  checkWholeOption(owner, 'closeTimeoutMs', closeTimeoutMs, 0, timerMaxMs);
  checkSignal(owner, signal);
  signal?.throwIfAborted();
  const layer = new Layer(new Family(plan, { initTimeoutMs, closeTimeoutMs, clock }));
  const container = new LiveContainer(layer);
  const stop = (): void => void closeLayer(layer).catch(() => undefined);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for (const name of plan.eager) {
      const { status, promise } = layer.ask(name, new Resolution('creation'));
      if (status !== 'ready') await promise;
    }
    signal?.throwIfAborted();
    return container;
  } catch (error) {
    await closeLayer(layer).catch(publishFailures);
    throw signal?.aborted === true ? signal.reason : error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/** What could not be disposed is told beside the failure that it came after. */
function publishFailures({ failures }: { readonly failures: readonly BindingFailure[] }): void {
  for (const { path, error } of failures) containerDisposeFailed.publish({ name: path[0], error });
}
