import { expect, onTestFinished, test, vi } from 'vitest';
import { HostSupervisor } from '../../runtime/hosts/host-supervisor.ts';

const evidence = { cause: 'threw', message: 'it threw', figures: {} } as never;

test('a host that has escalated while it backed off is not resumed before it is asked for', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const supervisor = new HostSupervisor(
    {
      strategy: 'one-for-all',
      intensity: 2,
      periodMs: 60_000,
      backoff: { minMs: 50, maxMs: 5_000, jitter: 0 },
    },
    2,
  );
  onTestFinished(() => supervisor.close());
  const resume = vi.fn();
  supervisor.add({ resume: () => undefined, endWithSibling: () => undefined });
  supervisor.add({ resume, endWithSibling: () => undefined });

  // The second death has both wait, the third has both escalate.
  for (let death = 0; death < 3; death++) supervisor.died(0, evidence);
  expect(supervisor.childOf(1).state).toBe('escalated');
  vi.advanceTimersByTime(10_000);

  expect(resume).not.toHaveBeenCalled();
  expect(supervisor.childOf(1).state).toBe('escalated');
  expect(supervisor.mayRun(1)).toBe(true);
});
