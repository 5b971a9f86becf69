import { getEventListeners } from 'node:events';
import type { CallResult, CircuitBreaker, CircuitBreakerOptions } from 'holdfast';
import { pipeline } from 'holdfast/resilience';
import { expect, test } from 'vitest';
import { ChannelRecord } from '../support/channel-record.ts';
import { codedError } from '../support/coded-error.ts';
import { hostile } from '../support/fixtures/hostile.ts';
import { sluggish } from '../support/fixtures/sluggish.ts';
import { openResilient, type Resilient, sharedResilient } from '../support/resilient-runtime.ts';
import { soon } from '../support/soon.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const shared = sharedResilient();

interface Given extends Resilient {
  readonly name: string;
  readonly breaker: CircuitBreaker;
}

/** A circuit breaker of a runtime that has others as well. */
async function given(
  options: CircuitBreakerOptions = {},
  network: 'online' | 'offline' = 'online',
): Promise<Given> {
  const { fresh, ...resilient } = await shared(network);
  return withBreaker(resilient, options, fresh('service'));
}

/** A circuit breaker of a runtime of its own. */
async function givenAlone(modules: readonly string[] = []): Promise<Given> {
  return withBreaker(await openResilient('offline', modules));
}

function withBreaker(resilient: Resilient, options: CircuitBreakerOptions = {}, name = 'service'): Given {
  const breaker = resilient.runtime.circuitBreaker(name, { openMs: 20, jitter: 0, ...options });
  return { ...resilient, name, breaker };
}

interface OfCircuit {
  readonly name: string;
  readonly state: string;
}

/** What is published of a circuit on a channel, and nothing of others. */
const recordOf = (name: string, what: 'changed' | 'drained') =>
  new ChannelRecord<OfCircuit>(`holdfast:circuit:${what}`, (message) => message.name === name);

const fail = () => Promise.reject(new Error('503'));
const unreachable = () => Promise.reject(Object.assign(new Error('connect'), { code: 'ENETUNREACH' }));

async function failTimes(breaker: CircuitBreaker, times: number): Promise<void> {
  for (let count = 0; count < times; count++) await expect(breaker.call(fail)).rejects.toThrow('503');
}

function settledOf<Value>(result: CallResult<Value>): Promise<Value> {
  if (result.status !== 'queued') throw new Error(`not queued: ${JSON.stringify(result)}`);
  return result.settled;
}

test('a call is carried out while all is well, with what it returns or throws', async () => {
  const { breaker } = await given();

  expect(await breaker.call(() => 'now')).toEqual({ status: 'executed', value: 'now' });
  expect(await breaker.call(async (signal) => signal.aborted)).toEqual({ status: 'executed', value: false });
  await expect(breaker.call(fail)).rejects.toThrow('503');
  await expect(
    breaker.call(() => {
      throw new TypeError('at once');
    }),
  ).rejects.toThrow(TypeError);
  expect(breaker.metrics()).toMatchObject({ executed: 2, failed: 2, rejected: 0 });
});

test('the call after the fifth failure in a row is rejected at once, and the service is not called', async () => {
  const { breaker } = await given({ openMs: 60_000 });
  await failTimes(breaker, 4);
  await breaker.call(() => 'well');
  await failTimes(breaker, 5);
  let called = false;

  const rejected = breaker.call(() => {
    called = true;
  });

  await expect(rejected).rejects.toEqual(
    codedError('HOLDFAST_ERR_CIRCUIT_OPEN', { retryAfterMs: expect.any(Number), retryable: true }),
  );
  expect({ called, state: breaker.state }).toEqual({ called: false, state: 'open' });
});

test('after its time one probe goes through; when it succeeds everybody does', async () => {
  const { name, breaker } = await given();
  const changes = recordOf(name, 'changed');
  await failTimes(breaker, 5);
  await changes.nth(2);
  const [began, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()];
  const probe = breaker.call(() => {
    began.resolve();
    return answer.promise;
  });
  await expect(breaker.call(() => 'too early')).rejects.toEqual(codedError('HOLDFAST_ERR_CIRCUIT_OPEN'));
  await began.promise;
  await expect(breaker.call(() => 'too early')).rejects.toEqual(codedError('HOLDFAST_ERR_CIRCUIT_OPEN'));

  answer.resolve('probed');

  expect(await probe).toEqual({ status: 'executed', value: 'probed' });
  expect(await breaker.call(() => 'on')).toEqual({ status: 'executed', value: 'on' });
  expect(changes.messages.map(({ state }) => state)).toEqual(['open', 'half-open', 'closed']);
});

test('a probe that fails opens the circuit again, for longer', async () => {
  const { name, breaker } = await given({ openMs: 20, openMaxMs: 60_000 });
  const changes = recordOf(name, 'changed');
  await failTimes(breaker, 5);
  for (let halfOpen = 2; halfOpen <= 6; halfOpen += 2) {
    await changes.nth(halfOpen);
    await failTimes(breaker, 1);
  }

  const { retryAfterMs } = await breaker.call(() => 1).catch((error) => error);
  expect(retryAfterMs).toBeGreaterThan(80);
  expect(retryAfterMs).toBeLessThanOrEqual(160);
});

test('a probe that hangs has the circuit open again, and its late end counts for nothing', async () => {
  const { name, breaker } = await given({ probeMs: 20, openMs: 20 });
  const changes = recordOf(name, 'changed');
  await failTimes(breaker, 5);
  await changes.nth(2);
  const answer = Promise.withResolvers<string>();
  const hung = breaker.call(() => answer.promise);

  expect(await changes.nth(3)).toMatchObject({ state: 'open' });
  expect(await changes.nth(4)).toMatchObject({ state: 'half-open' });
  answer.resolve('late');

  expect(await hung).toEqual({ status: 'executed', value: 'late' });
  expect(breaker.state).toBe('half-open');
  // On a busy computer the answer to a probe may be noticed after its 20 ms, too.
  await expect
    .poll(async () => {
      await breaker.call(() => 'well');
      return breaker.state;
    }, soon)
    .toBe('closed');
});

test('calls are queued while there is no network, and carried out in order when it is back', async () => {
  const { name, breaker, become } = await given({}, 'offline');
  const drained = recordOf(name, 'drained');
  const order: number[] = [];
  const results: CallResult<number>[] = [];
  for (let number = 0; number < 50; number++) {
    results.push(
      await breaker.call(async () => {
        await null;
        order.push(number);
        return number;
      }),
    );
  }
  expect(breaker.queued).toBe(50);
  expect(order).toEqual([]);

  await become('online');

  expect(await Promise.all(results.map(settledOf))).toEqual(
    Array.from({ length: 50 }, (_, number) => number),
  );
  expect(order).toEqual(Array.from({ length: 50 }, (_, number) => number));
  expect(await drained.nth(1)).toMatchObject({ name, calls: 50, left: 0 });
  expect(await breaker.call(() => 'next')).toEqual({ status: 'executed', value: 'next' });
});

test('calls that come while the queue drains wait behind it', async () => {
  const { breaker, become } = await given({ drainIntervalMs: 1 }, 'offline');
  const order: string[] = [];
  const later: Promise<unknown>[] = [];
  const push = (name: string) => () => void order.push(name);
  const first = await breaker.call(() => {
    order.push('first');
    later.push(breaker.call(push('third')).then(settledOf));
  });
  await breaker.call(push('second'));

  await become('online');
  await settledOf(first);
  await Promise.all(later);

  expect(order).toEqual(['first', 'second', 'third']);
});

test('a probe that hangs while the network is away counts for nothing', async () => {
  const { name, breaker, become } = await given({ probeMs: 400, openMs: 20 });
  const changes = recordOf(name, 'changed');
  await failTimes(breaker, 5);
  await changes.nth(2);
  const answer = Promise.withResolvers<never>();
  const hung = breaker.call(() => answer.promise);
  await become('offline');
  await new Promise((resolve) => setTimeout(resolve, 800));

  expect(breaker.state).toBe('half-open');
  answer.reject(new Error('too late'));
  await expect(hung).rejects.toThrow('too late');
  await become('online');
  expect(await breaker.call(() => 'well')).toEqual({ status: 'executed', value: 'well' });
  expect(changes.messages.map(({ state }) => state)).toEqual(['open', 'half-open', 'closed']);
});

test('failures while the network is away count for nothing, and what never left is queued', async () => {
  const { breaker, probe, become } = await given({ openMs: 60_000 });
  await failTimes(breaker, 4);
  probe.result = 'offline';

  const sent = await breaker.call(unreachable).catch((error) => error);

  expect(sent).toMatchObject({ status: 'queued' });
  expect(breaker.state).toBe('closed');
  const settled = settledOf(sent);
  await become('online');
  await expect(settled).rejects.toThrow('connect');
  expect(breaker.state).toBe('closed');
  await failTimes(breaker, 3);
  expect(breaker.state).toBe('closed');
  await failTimes(breaker, 1);
  expect(breaker.state).toBe('open');
});

test('a queued call that fails is told so, and the others go on', async () => {
  const { breaker, become } = await given({}, 'offline');
  const results = [await breaker.call(fail), await breaker.call(() => 'well')];

  await become('online');

  await expect(settledOf(results[0] as CallResult<never>)).rejects.toThrow('503');
  expect(await settledOf(results[1] as CallResult<string>)).toBe('well');
});

test('a network that goes away while the queue drains has the rest wait, the interrupted one first', async () => {
  const { runtime, breaker, probe, become } = await given({}, 'offline');
  const order: string[] = [];
  let isAway = true;
  const first = await breaker.call(async () => {
    order.push('tried');
    if (isAway) {
      probe.result = 'offline';
      await unreachable();
    }
    return 'first';
  });
  const second = await breaker.call(() => void order.push('second'));
  await become('online');
  // The failed call has the network checked: to change it earlier would be to bring it back before it was missed.
  await runtime.connectivity.waitFor('offline');
  expect(order).toEqual(['tried']);
  expect(breaker.queued).toBe(2);

  isAway = false;
  await become('online');

  expect(await settledOf(first)).toBe('first');
  await settledOf(second);
  expect(order).toEqual(['tried', 'tried', 'second']);
});

test('a call is carried out or queued while the network is degraded, as was asked for', async () => {
  const { runtime, breaker, become } = await given();
  const patient = runtime.circuitBreaker('patient', { onDegraded: 'queue' });
  await patient.call(() => 1);
  await become('degraded');

  expect(await breaker.call(() => 'now')).toMatchObject({ status: 'executed' });
  const queued = await patient.call(() => 'later');
  expect(queued.status).toBe('queued');
  await become('online');

  expect(await settledOf(queued)).toBe('later');
});

test('the queue is bounded by items and bytes: a call too many is rejected, or the oldest is', async () => {
  const { runtime, breaker } = await given({ queueItemsMax: 2, queueBytesMax: 100 }, 'offline');
  const full = codedError('HOLDFAST_ERR_QUEUE_FULL');
  await breaker.call(() => 1, { bytes: 60 });
  await expect(breaker.call(() => 2, { bytes: 60 })).rejects.toEqual(full);
  await breaker.call(() => 2, { bytes: 40 });
  await expect(breaker.call(() => 3)).rejects.toEqual(full);
  expect(breaker.metrics()).toMatchObject({ queued: 2, bytes: 100 });

  const lossy = runtime.circuitBreaker('lossy', { queueItemsMax: 1, queueOverflow: 'drop-oldest' });
  const oldest = await lossy.call(() => 'oldest');
  await lossy.call(() => 'newest');

  await expect(settledOf(oldest)).rejects.toEqual(full);
  expect(lossy.metrics()).toMatchObject({ queued: 1, dropped: 1 });
});

test('a call that a pipeline gives up leaves the queue, and is never carried out', async () => {
  const { breaker, become } = await given({}, 'offline');
  const called: string[] = [];
  await using policy = pipeline({ timeoutMs: 20, retry: {}, breaker });

  await expect(policy.execute(() => void called.push('given up'))).rejects.toThrow('HOLDFAST_ERR_TIMEOUT');
  expect(breaker.queued).toBe(0);
  const next = await breaker.call(() => void called.push('next'));
  await become('online');
  await settledOf(next);

  expect(called).toEqual(['next']);
});

test('a call that its caller ends while the network is looked at is not queued', async () => {
  const { breaker, probe } = await given();
  const stop = new AbortController();
  const before = probe.checks.length;
  probe.result = undefined;
  const call = breaker.call(unreachable, { signal: stop.signal });
  await probe.begun(before + 1);
  stop.abort(new Error('enough'));
  probe.answer('offline');

  await expect(call).rejects.toThrow('connect');
  expect(breaker.queued).toBe(0);
});

test('a probe that its caller ends while the circuit is told that it never left is not queued', async () => {
  const { name, runtime, breaker, probe, become } = await given();
  const changes = recordOf(name, 'changed');
  await failTimes(breaker, 5);
  await changes.nth(2);
  const stop = new AbortController();
  probe.result = 'offline';
  // The circuit is told in the turn in which the network is found to be away, and answers in a later one.
  const gone = runtime.connectivity.waitFor('offline').then(() => setImmediate(() => stop.abort(enough)));
  const enough = new Error('enough');
  const called: string[] = [];
  const tried = () => {
    called.push('called');
    return unreachable();
  };

  const call = breaker.call(tried, { signal: stop.signal });

  await expect(call).rejects.toBe(enough);
  await gone;
  await become('online');
  expect(breaker.queued).toBe(0);
  expect(called).toEqual(['called']);
});

test('a queued call that has left the queue and is found not to have left the computer is counted as rejected', async () => {
  const { breaker, become } = await given({ probeMs: 20 }, 'offline');
  const answer = Promise.withResolvers<never>();
  const slow = settledOf(await breaker.call(() => answer.promise));
  const next = settledOf(await breaker.call(() => 'next'));
  slow.catch(() => undefined);
  await become('online');
  expect(await next).toBe('next');
  await become('offline');
  answer.reject(Object.assign(new Error('connect'), { code: 'ENETUNREACH' }));

  await expect(slow).rejects.toEqual(
    codedError('HOLDFAST_ERR_CIRCUIT_OPEN', {
      message: expect.stringContaining('did not let a call through, and is closed now'),
    }),
  );
  expect(breaker.metrics()).toMatchObject({ drained: 1, rejected: 1, queued: 0 });
});

test('calls under one signal are one listener of it, however many wait', async () => {
  const { breaker } = await given({}, 'offline');
  const stop = new AbortController();
  const { signal } = stop;
  const results = await Promise.all(Array.from({ length: 3 }, () => breaker.call(() => 1, { signal })));

  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  stop.abort(new Error('enough'));

  for (const result of results) await expect(settledOf(result)).rejects.toThrow('enough');
  expect(breaker.queued).toBe(0);
});

test('a call leaves the queue when its signal says so, and is never carried out', async () => {
  const { breaker, become } = await given({}, 'offline');
  const stop = new AbortController();
  const called: string[] = [];
  const given_ = await breaker.call(() => void called.push('aborted'), { signal: stop.signal });
  const kept = await breaker.call(() => void called.push('kept'));
  stop.abort(new Error('enough'));

  await expect(settledOf(given_)).rejects.toThrow('enough');
  await become('online');
  await settledOf(kept);

  expect(called).toEqual(['kept']);
  await expect(breaker.call(() => 1, { signal: stop.signal })).rejects.toThrow('enough');
});

test('a call that its caller ends is no failure of the service', async () => {
  const { breaker } = await given({ trip: { rule: 'consecutive', failures: 1 } });
  const stop = new AbortController();
  const call = breaker.call(
    (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    { signal: stop.signal },
  );
  stop.abort(new Error('enough'));

  await expect(call).rejects.toThrow('enough');
  expect(breaker.state).toBe('closed');
});

test('errors that are no failures of the service leave the circuit closed', async () => {
  const { breaker } = await given({
    trip: { rule: 'consecutive', failures: 1 },
    isFailure: (error) => (error as Error).message !== '404',
  });

  await expect(breaker.call(() => Promise.reject(new Error('404')))).rejects.toThrow('404');
  expect(breaker.state).toBe('closed');
  await failTimes(breaker, 1);
  expect(breaker.state).toBe('open');
});

test('a rate of the last calls opens it too, and slow calls count as failed', async () => {
  const { runtime } = await given();
  const trip = { rule: 'count', calls: 10, callsMin: 4, failureRate: 0.5 } as const;
  const counted = runtime.circuitBreaker('counted', { trip, openMs: 60_000 });
  await counted.call(() => 1);
  await counted.call(() => 2);
  await failTimes(counted, 1);
  expect(counted.state).toBe('closed');
  await failTimes(counted, 1);
  expect(counted.state).toBe('open');

  const window = { rule: 'time', windowMs: 60_000, callsMin: 2, failureRate: 1 } as const;
  const slow = runtime.circuitBreaker('slow', { trip: window, slowCallMs: 1, openMs: 60_000 });
  const late = () => new Promise((resolve) => setTimeout(resolve, 5));
  await slow.call(late);
  await slow.call(late);
  expect(slow.state).toBe('open');
});

test('an isolation that was told to fail does not come about later, when nobody could release it', async () => {
  const resilient = await openResilient('online', ['sluggish'], { commandTimeoutMs: 1_000 });
  const actor = resilient.runtime.actor(sluggish, 'a');
  // Its thread may take longer to start.
  await actor.snapshot({ timeoutMs: 60_000 });
  const { breaker } = withBreaker(resilient);
  await breaker.call(() => 'begun');
  const dawdles = actor.send({ type: 'dawdled', ms: 2_500 }, { timeoutMs: 60_000 });

  // Its thread is held up beyond the time-out, and then carries out what it was told meanwhile.
  await expect(breaker.isolate('maintenance')).rejects.toEqual(codedError('HOLDFAST_ERR_TIMEOUT'));
  await dawdles;
  await breaker.pause();

  expect(breaker.state).toBe('closed');
  await expect(breaker.call(() => 'through')).resolves.toMatchObject({ status: 'executed' });
});

test('a circuit is isolated as long as anybody holds it', async () => {
  const { breaker } = await given();
  const releases = [await breaker.isolate('maintenance'), await breaker.isolate()];

  await expect(breaker.call(() => 1)).rejects.toEqual(codedError('HOLDFAST_ERR_CIRCUIT_ISOLATED'));
  await releases[0]?.();
  await releases[0]?.();
  expect(breaker.state).toBe('isolated');
  await releases[1]?.();

  expect(await breaker.call(() => 'on')).toMatchObject({ status: 'executed' });
  await expect(breaker.isolate(7 as unknown as string)).rejects.toEqual(
    codedError('HOLDFAST_ERR_OPTION_INVALID'),
  );
});

test('a paused queue waits although the network is back', async () => {
  const { breaker, become } = await given({}, 'offline');
  const queued = await breaker.call(() => 'later');
  await breaker.pause();
  await become('online');
  expect(breaker.queued).toBe(1);

  await breaker.resume();

  expect(await settledOf(queued)).toBe('later');
});

test('an open circuit is tried as soon as the network is back', async () => {
  const { breaker, become } = await given({ openMs: 60_000 });
  await failTimes(breaker, 5);
  await become('offline');
  const queued = await breaker.call(() => 'well');

  await become('online');

  expect(await settledOf(queued)).toBe('well');
  expect(breaker.state).toBe('closed');
});

test('what is held and what is queued survives the death of the thread that the actor lived on', async () => {
  const { runtime, breaker, become } = await givenAlone(['hostile']);
  const queued = await breaker.call(() => 'later');
  const restarted = new ChannelRecord('holdfast:host:restarted');
  await runtime
    .actor(hostile, 'a')
    .send({ type: 'harmed', harm: 'exit', mark: `${temporaryFolder()}/mark` })
    .catch(() => undefined);
  await restarted.nth(1);

  await become('online');

  expect(await settledOf(queued)).toBe('later');
  expect(await breaker.call(() => 'on')).toMatchObject({ status: 'executed' });
});

test('what is queued is told when the runtime closes, and nothing is called afterwards', async () => {
  const { runtime, breaker } = await givenAlone();
  const queued = await breaker.call(() => 'never');
  await runtime.close();
  const closed = codedError('HOLDFAST_ERR_CLOSED');

  await expect(settledOf(queued)).rejects.toEqual(closed);
  await expect(breaker.call(() => 1)).rejects.toEqual(closed);
  await expect(breaker.isolate()).rejects.toEqual(closed);
  expect(() => runtime.circuitBreaker('another')).toThrow(closed as Error);
});

test('there is one circuit of a name, and its options make sense', async () => {
  const { runtime, name, breaker } = await given();
  const invalid = codedError('HOLDFAST_ERR_OPTION_INVALID') as Error;
  expect(runtime.circuitBreaker(name)).toBe(breaker);
  expect(() => runtime.circuitBreaker(name, {})).toThrow(invalid);

  const wrong = [
    { trip: { rule: 'sometimes' } },
    { trip: { rule: 'consecutive' } },
    { trip: { rule: 'count', calls: 5, callsMin: 1, failureRate: 2 } },
    { openMs: 10, openMaxMs: 5 },
    { jitter: -1 },
    { queueOverflow: 'grow' },
    { onDegraded: 'hope' },
    { isFailure: true },
    { open: 5 },
  ];
  for (const options of wrong)
    expect(() => runtime.circuitBreaker('wrong', options as CircuitBreakerOptions)).toThrow(invalid);
  await expect(breaker.call('now' as never)).rejects.toEqual(invalid);
  await expect(breaker.call(() => 1, { bytes: -1 })).rejects.toEqual(
    codedError('HOLDFAST_ERR_ARGUMENT_INVALID'),
  );
});
