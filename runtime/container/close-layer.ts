import { type BindingFailure, closed, disposeFailed, tookTooLong } from './container-errors.ts';
import { disposeAll } from './dispose.ts';
import type { Initialisation } from './initialisation.ts';
import type { Layer } from './layer.ts';
import { isWithin } from './running-code.ts';

/**
 * Closes a container or a scope with the scopes in it: nothing can be asked for any more, factories under way are told to
 * stop and are waited for, and all that was made is disposed in reverse order. A factory or a `dispose` within has it
 * begin, but does not wait for it, as it would wait for itself.
 *
 * @throws HOLDFAST_ERR_CONTAINER_DISPOSE_FAILED when all is done.
 */
export function closeLayer(layer: Layer): Promise<void> {
  const closing = layer.closing ?? begin(layer);
  if (!isWithin(layer.family)) return closing;
  closing.catch(() => undefined);
  return Promise.resolve();
}

function begin(layer: Layer): Promise<void> {
  const layers = new Set([layer, ...scopesWithin(layer)]);
  const others = Promise.withResolvers<unknown>();
  const closing = others.promise.then(() => empty(layer, layers));
  // Scopes that are being closed already are waited for: what they hold is not disposed here, and their callers hear of it.
  const before: Promise<void>[] = [];
  for (const each of layers) {
    if (each.closing === undefined) each.closing = closing;
    else {
      before.push(each.closing);
      layers.delete(each);
    }
  }
  for (const run of runsIn(layer, layers)) run.giveUp(closed(run.name));
  others.resolve(Promise.allSettled(before));
  return closing;
}

async function empty(layer: Layer, layers: ReadonlySet<Layer>): Promise<void> {
  const failures = await endRuns(layer, layers);
  for (const each of layers) each.isEmptied = true;
  failures.push(...(await disposeAll([...layers].flatMap(({ made }) => [...made]))));
  for (const each of layers) each.made.clear();
  layer.parent?.scopes.delete(layer);
  if (failures.length > 0) throw disposeFailed(failures);
}

/** Waits until the factories have ended; what they still make is disposed with the rest. */
async function endRuns(layer: Layer, layers: ReadonlySet<Layer>): Promise<BindingFailure[]> {
  const running = runsIn(layer, layers);
  if (running.length === 0) return [];
  const { clock, closeTimeoutMs } = layer.family.settings;
  await new Promise<void>((resolve) => {
    const callOff = clock.after(closeTimeoutMs, resolve);
    void Promise.all(running.map(({ ended }) => ended)).then(() => {
      callOff();
      resolve();
    });
  });
  return runsIn(layer, layers).map(({ name }) => ({ path: [name], error: tookTooLong(closeTimeoutMs) }));
}

function runsIn({ family }: Layer, layers: ReadonlySet<Layer>): Initialisation[] {
  return [...family.running].filter(({ slot }) => layers.has(slot.layer));
}

function scopesWithin(layer: Layer): Layer[] {
  return [...layer.scopes].flatMap((scope) => [scope, ...scopesWithin(scope)]);
}
