import { join } from 'node:path';
import { createRuntime, type Runtime, type RuntimeOptions } from 'holdfast';
import { expect, onTestFinished } from 'vitest';
import { ManualProbe } from './manual-probe.ts';
import { fixture } from './open-runtime.ts';
import { sharedRuntime } from './shared-runtime.ts';
import { temporaryFolder } from './temporary-folder.ts';

type Network = 'online' | 'offline';

/** A runtime whose network the test switches. */
export interface Resilient {
  readonly runtime: Runtime;
  readonly probe: ManualProbe;
  /** Has the network be like this. */
  readonly become: (status: Network | 'degraded') => Promise<void>;
}

/** Nothing is checked by itself, and one failed check is believed. */
function connectivityOf(probe: ManualProbe) {
  const never = 80_000_000;
  return { probe, intervalMs: never, offlineIntervalMs: never, pauseMs: 1, offlineAfter: 1 };
}

async function become({ connectivity }: Runtime, probe: ManualProbe, status: Network | 'degraded') {
  probe.result = status === 'degraded' ? { degraded: 'slow' } : status;
  // A check that was under way may still find what was before.
  await expect.poll(async () => (await connectivity.check()).status).toBe(status);
}

/** A runtime of its own. */
export async function openResilient(
  network: Network = 'online',
  modules: readonly string[] = [],
  options: Partial<RuntimeOptions> = {},
): Promise<Resilient> {
  const probe = new ManualProbe(network);
  const runtime = await createRuntime({
    database: join(temporaryFolder(), 'app.db'),
    modules: modules.map(fixture),
    hosts: 1,
    connectivity: connectivityOf(probe),
    ...options,
  });
  onTestFinished(() => runtime.close());
  return { runtime, probe, become: (status) => become(runtime, probe, status) };
}

/** A name that no queue or circuit of a shared runtime has yet. */
export type FreshName = (name: string) => string;

/**
 * One runtime for tests that look at nothing but their own queues and circuits, which have fresh names. The network is for
 * each as it asks. For the top of a test file.
 */
export function sharedResilient(): (network?: Network) => Promise<Resilient & { readonly fresh: FreshName }> {
  const probe = new ManualProbe('online');
  const shared = sharedRuntime([], { connectivity: connectivityOf(probe) });
  let count = 0;
  const fresh: FreshName = (name) => `${name}-${++count}`;
  return async (network = 'online') => {
    const runtime = await shared();
    await become(runtime, probe, network);
    return { runtime, probe, fresh, become: (status) => become(runtime, probe, status) };
  };
}
