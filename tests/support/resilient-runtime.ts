import { join } from 'node:path';
import { createRuntime, type Runtime, type RuntimeOptions } from 'holdfast';
import { expect, onTestFinished } from 'vitest';
import { ManualProbe } from './manual-probe.ts';
import { fixture } from './open-runtime.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A runtime whose network the test switches. */
export interface Resilient {
  readonly runtime: Runtime;
  readonly probe: ManualProbe;
  /** Has the network be like this. */
  readonly become: (status: 'online' | 'degraded' | 'offline') => Promise<void>;
}

/** Nothing is checked by itself, and one failed check is believed. */
export async function openResilient(
  network: 'online' | 'offline' = 'online',
  modules: readonly string[] = [],
  options: Partial<RuntimeOptions> = {},
): Promise<Resilient> {
  const probe = new ManualProbe(network);
  const never = 80_000_000;
  const runtime = await createRuntime({
    database: join(temporaryFolder(), 'app.db'),
    modules: modules.map(fixture),
    hosts: 1,
    connectivity: { probe, intervalMs: never, offlineIntervalMs: never, pauseMs: 1, offlineAfter: 1 },
    ...options,
  });
  onTestFinished(() => runtime.close());
  const become = async (status: 'online' | 'degraded' | 'offline') => {
    probe.result = status === 'degraded' ? { degraded: 'slow' } : status;
    // A check that was under way may still find what was before.
    await expect.poll(async () => (await runtime.connectivity.check()).status).toBe(status);
  };
  return { runtime, probe, become };
}
