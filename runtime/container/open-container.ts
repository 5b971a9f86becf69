import { containerDisposeFailed } from '../observability/channels.ts';
import { type MonotonicClock, monotonicClock, timerMaxMs } from '../ports/monotonic-clock.ts';
import { checkOptions, checkWholeOption } from '../protocol/options.ts';
import { closeLayer } from './close-layer.ts';
import { LiveContainer } from './container.ts';
import type { BindingFailure } from './container-errors.ts';
import { Family } from './family.ts';
import { Layer } from './layer.ts';
import type { Plan } from './plan.ts';
import { Resolution } from './resolution.ts';
import { runningFactory } from './running-code.ts';

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
export async function openContainer(plan: Plan, options?: ContainerOptions): Promise<LiveContainer> {
  if (options !== undefined) checkContainerOptions(options);
  const clock = options?.clock ?? monotonicClock;
  const createdAt = clock.now();
  const make = (): Layer => {
    const { initTimeoutMs, closeTimeoutMs = 10_000 } = options ?? {};
    return new Layer(new Family(plan, { initTimeoutMs, closeTimeoutMs, clock, createdAt }));
  };
  if (plan.eager.length === 0) return new LiveContainer(make);
  const layer = make();
  await makeEager(plan.eager, layer, options?.signal);
  return new LiveContainer(() => layer);
}

async function makeEager(
  names: readonly string[],
  layer: Layer,
  signal: AbortSignal | undefined,
): Promise<void> {
  const stop = (): void => void closeLayer(layer).catch(() => undefined);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    // A factory that makes a container waits for it.
    const asker = runningFactory() ?? new Resolution('creation');
    for (const name of names) {
      const { status, promise } = layer.ask(name, asker);
      if (status !== 'ready') await promise;
    }
    signal?.throwIfAborted();
  } catch (error) {
    await closeLayer(layer).catch(publishFailures);
    throw signal?.aborted === true ? signal.reason : error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

function checkContainerOptions(options: ContainerOptions): void {
  const owner = 'createContainer';
  checkOptions(owner, options, ['initTimeoutMs', 'closeTimeoutMs', 'signal', 'clock']);
  checkWholeOption(owner, 'initTimeoutMs', options.initTimeoutMs, 1, timerMaxMs);
  checkWholeOption(owner, 'closeTimeoutMs', options.closeTimeoutMs, 0, timerMaxMs);
  options.signal?.throwIfAborted();
}

/** What could not be disposed is told beside the failure that it came after. */
function publishFailures({ failures }: { readonly failures: readonly BindingFailure[] }): void {
  for (const { path, error } of failures) containerDisposeFailed.publish({ name: path[0], error });
}
