import { expect, onTestFinished, test } from 'vitest';
import { VolatileHost } from '../../actors/host/volatile-host.ts';
import { volatileMachines } from '../../actors/host/volatile-machines.ts';
import { hostUnavailable } from '../../runtime/hosts/host-errors.ts';
import type { Router } from '../../runtime/hosts/router.ts';
import type { HostReceipt, HostRequest } from '../../runtime/protocol/host-messages.ts';
import { CircuitBreaker } from '../../runtime/resilience/circuit-breaker.ts';
import { resolveCircuitBreaker } from '../../runtime/resilience/circuit-breaker-options.ts';
import type { Connectivity } from '../../runtime/resilience/connectivity.ts';

/** A host without a thread, which refuses requests of a name for as long as it rests. */
function restingHost(name: string) {
  const answers = new Map<number, (told: HostReceipt | Error) => void>();
  const volatile = new VolatileHost({
    machines: volatileMachines,
    answer: (id, told) => answers.get(id)?.(told),
  });
  let count = 0;
  const receive = (request: HostRequest, answer: (told: HostReceipt | Error) => void): void => {
    const id = ++count;
    answers.set(id, answer);
    volatile.receive({ ...request, id });
  };
  const host = { isResting: false, refused: 0 };
  const evidence = { cause: 'exit', message: 'it ended', figures: {}, stack: null, at: 0 } as const;
  const router = {
    request: <Result>(request: HostRequest, _: object, toResult: (told: HostReceipt) => Result) => {
      if (!host.isResting || request.name !== name)
        return new Promise<Result>((resolve) =>
          receive(request, (told) => resolve(toResult(told as HostReceipt))),
        );
      host.refused++;
      return Promise.reject(hostUnavailable(request, 0, 1_000, evidence));
    },
    watch(request: HostRequest, { changed }: { changed: (told: HostReceipt) => void }) {
      receive(request, (told) => changed(told as HostReceipt));
      return () => undefined;
    },
  };
  return { host, router: router as unknown as Router };
}

test('calls that wait stay in the queue while the circuit cannot be asked for a probe', async () => {
  const { host, router } = restingHost('probeBegan');
  let networkChanged: () => void = () => undefined;
  const network = {
    status: 'online',
    sleeps: 0,
    ready: async () => undefined,
    report: () => true,
    listen(listener: () => void) {
      networkChanged = listener;
      return () => undefined;
    },
  };
  const become = (status: string): void => {
    network.status = status;
    networkChanged();
  };
  const options = resolveCircuitBreaker('service', {
    trip: { rule: 'consecutive', failures: 1 },
    openMs: 1,
  });
  const breaker = new CircuitBreaker('service', router, network as unknown as Connectivity, options);
  onTestFinished(() => breaker.close());
  await breaker.call(() => Promise.reject(new Error('503'))).catch(() => undefined);
  become('offline');
  const called: number[] = [];
  const results = [await breaker.call(() => called.push(1)), await breaker.call(() => called.push(2))];
  await expect.poll(() => breaker.state).toBe('half-open');

  host.isResting = true;
  become('online');
  await expect.poll(() => host.refused).toBe(1);
  expect(breaker.queued).toBe(2);
  await expect(breaker.call(() => called.push(3))).resolves.toMatchObject({ status: 'queued' });
  host.isResting = false;

  for (const result of results) if (result.status === 'queued') await result.settled;
  expect(called.slice(0, 2)).toEqual([1, 2]);
  expect(host.refused).toBe(1);
});
