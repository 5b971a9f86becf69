import { containerDisposeFailed } from '../observability/channels.ts';
import { type BindingFailure, tookTooLong } from './container-errors.ts';
import { isPromiseLike } from './promise-like.ts';
import { type Disposal, runAs } from './running-code.ts';
import type { Slot } from './slot.ts';

/** A value that a factory has made. */
export interface Made {
  readonly slot: Slot;
  readonly value: unknown;
  /** Its place among all that container and scopes have made. */
  readonly order: number;
}

/** Disposes in the reverse order in which the values were made, each after the one before; all, also if some fail. */
export async function disposeAll(made: readonly Made[]): Promise<BindingFailure[]> {
  const failures: BindingFailure[] = [];
  for (const each of made.toSorted((a, b) => b.order - a.order)) {
    try {
      const disposing = dispose(each);
      if (disposing !== undefined) await inTime(disposing, each);
    } catch (error) {
      failures.push({ path: [each.slot.binding.name], error });
    }
  }
  return failures;
}

/** Disposes what came too late for whoever has asked for it. Nobody hears of its failure, so that is published. */
export async function disposeLate(made: Made): Promise<void> {
  for (const { path, error } of await disposeAll([made]))
    containerDisposeFailed.publish({ name: path[0], error });
}

function dispose({ slot, value }: Made): PromiseLike<unknown> | undefined {
  const { binding, layer } = slot;
  const isKeeper = layer.family.release(slot, value);
  const run = binding.dispose ?? (isKeeper ? ownDisposal(value as object) : undefined);
  if (run === undefined) return undefined;
  const disposal: Disposal = { family: layer.family, hasEnded: false };
  const end = (): void => {
    disposal.hasEnded = true;
  };
  let disposing: unknown;
  try {
    disposing = runAs(disposal, () => run(value as never));
  } catch (error) {
    end();
    throw error;
  }
  if (!isPromiseLike(disposing)) {
    end();
    return undefined;
  }
  return Promise.resolve(disposing).finally(end);
}

function ownDisposal(value: object): (() => unknown) | undefined {
  const disposable = value as Partial<AsyncDisposable & Disposable>;
  const run = disposable[Symbol.asyncDispose] ?? disposable[Symbol.dispose];
  return typeof run === 'function' ? () => run.call(value) : undefined;
}

function inTime(disposing: PromiseLike<unknown>, { slot }: Made): Promise<unknown> {
  const { clock, closeTimeoutMs } = slot.layer.family.settings;
  return new Promise((resolve, reject) => {
    const callOff = clock.after(closeTimeoutMs, () => reject(tookTooLong(closeTimeoutMs)));
    disposing.then(
      (value) => {
        callOff();
        resolve(value);
      },
      (error) => {
        callOff();
        reject(error);
      },
    );
  });
}
