import { alwaysOffline, type ConnectivityOptions, type ConnectivityState, type Runtime } from 'holdfast';
import { expect, test } from 'vitest';
import { ChannelRecord } from '../support/channel-record.ts';
import { runChild } from '../support/child-program.ts';
import { codedError } from '../support/coded-error.ts';
import { hostile } from '../support/fixtures/hostile.ts';
import { ManualProbe } from '../support/manual-probe.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Checks follow each other as fast as they are answered. */
const fast: ConnectivityOptions = { intervalMs: 1, offlineIntervalMs: 1, pauseMs: 1, jitter: 0 };
/** No check comes by itself. */
const slow: ConnectivityOptions = { intervalMs: 80_000_000, offlineIntervalMs: 80_000_000, pauseMs: 1 };

const open = (connectivity: ConnectivityOptions, modules: readonly string[] = []): Promise<Runtime> =>
  openRuntime(modules, { connectivity });

test('nothing is known before the first check, which is begun by looking', async () => {
  const probe = new ManualProbe();
  const runtime = await open({ ...slow, probe });
  expect(probe.checks).toEqual([]);

  expect(runtime.connectivity.status).toBe('unknown');
  await probe.begun(1);
  probe.answer('online');

  expect(await runtime.connectivity.ready()).toEqual({ status: 'online', reason: null, isOverridden: false });
  expect(runtime.connectivity.status).toBe('online');
});

test('one failed check is not believed, two in a row are, and one good one brings it back', async () => {
  const probe = new ManualProbe();
  const { connectivity } = await open({ ...fast, probe });
  const changes = new ChannelRecord<ConnectivityState>('holdfast:connectivity:changed');
  const next = async (result: 'online' | 'offline') => {
    const count = probe.checks.length;
    probe.answer(result);
    await probe.begun(count + 1);
    return connectivity.status;
  };
  void connectivity.status;
  await probe.begun(1);

  expect(await next('online')).toBe('online');
  expect(await next('offline')).toBe('online');
  expect(await next('online')).toBe('online');
  expect(await next('offline')).toBe('online');
  expect(await next('offline')).toBe('offline');
  expect(await next('online')).toBe('online');
  expect(changes.messages.map(({ status }) => status)).toEqual(['online', 'offline', 'online']);
});

test('the very first check is believed', async () => {
  const { connectivity } = await open({ ...slow, probe: new ManualProbe('offline') });

  expect(await connectivity.ready()).toMatchObject({ status: 'offline' });
});

test('a network that is degraded is told with the reason', async () => {
  const { connectivity } = await open({ ...slow, probe: new ManualProbe({ degraded: 'captive portal' }) });

  expect(await connectivity.ready()).toMatchObject({ status: 'degraded', reason: 'captive portal' });
});

test('a probe that throws, or finds what there is not, has found nothing', async () => {
  const probe = new ManualProbe(new Error('no route'));
  const { connectivity } = await open({ ...slow, probe });

  expect(await connectivity.ready()).toMatchObject({ status: 'offline', reason: 'no route' });
  probe.result = 'fine' as 'online';
  expect(await connectivity.check()).toMatchObject({ status: 'offline' });
});

test('a probe that hangs is given up in time, told so, and its late answer counts for nothing', async () => {
  const probe = new ManualProbe();
  const { connectivity } = await open({ ...slow, probe, timeoutMs: 500 });

  expect(await connectivity.ready()).toMatchObject({ status: 'offline', reason: 'no answer in time' });
  expect(probe.checks[0]?.aborted).toBe(true);
  probe.answer('online');
  expect(connectivity.status).toBe('offline');
  const again = connectivity.check();
  await probe.begun(2);
  probe.answer('online');

  expect(await again).toMatchObject({ status: 'online' });
});

test('many who ask at once share one check', async () => {
  const probe = new ManualProbe();
  const { connectivity } = await open({ ...slow, probe });
  void connectivity.status;
  await probe.begun(1);

  const asked = Promise.all(Array.from({ length: 50 }, () => connectivity.check()));
  probe.answer('online');

  expect((await asked).every(({ status }) => status === 'online')).toBe(true);
  expect(probe.checks.length).toBeLessThanOrEqual(2);
});

test('a call that failed as calls do without a network has it checked at once; another failure does not', async () => {
  const probe = new ManualProbe('online');
  const { connectivity } = await open({ ...slow, probe });
  await connectivity.ready();

  expect(connectivity.report(new Error('404'))).toBe(false);
  const cause = Object.assign(new Error('connect'), { code: 'ENETUNREACH' });
  expect(connectivity.report(new TypeError('fetch failed', { cause }))).toBe(true);

  await probe.begun(2);
  expect(probe.checks.length).toBe(2);
});

test('an override holds whatever the probe finds, until it is released', async () => {
  const probe = new ManualProbe('online');
  const { connectivity } = await open({ ...slow, probe });
  await connectivity.ready();

  const release = await connectivity.override('offline', 'work offline');
  expect(await connectivity.check()).toEqual({
    status: 'offline',
    reason: 'work offline',
    isOverridden: true,
  });
  const later = await connectivity.override('degraded', 'metered');
  await release();
  expect(connectivity).toMatchObject({ status: 'degraded', reason: 'metered', isOverridden: true });
  await later();

  expect(connectivity).toMatchObject({ status: 'online', isOverridden: false });
});

test('an override that is released while a later one is on its way does not take that with it', async () => {
  const { connectivity } = await open({ ...slow, probe: new ManualProbe('online') });
  await connectivity.ready();
  const releaseFirst = await connectivity.override('offline', 'first');

  const later = connectivity.override('degraded', 'later');
  await releaseFirst();
  const releaseLater = await later;

  expect(connectivity).toMatchObject({ status: 'degraded', reason: 'later', isOverridden: true });
  await releaseLater();
  expect(connectivity).toMatchObject({ status: 'online', isOverridden: false });
});

test('what is known and an override survive the death of the thread that the actor lived on', async () => {
  const probe = new ManualProbe('online');
  const runtime = await open({ ...slow, probe }, ['hostile']);
  await runtime.connectivity.ready();
  await runtime.connectivity.override('offline');
  const restarted = new ChannelRecord('holdfast:host:restarted');

  const mark = temporaryFolder();
  await runtime
    .actor(hostile, 'a')
    .send({ type: 'harmed', harm: 'throw', mark: `${mark}/mark` })
    .catch(() => undefined);
  await restarted.nth(1);
  await probe.begun(2);

  expect(runtime.connectivity.status).toBe('offline');
  expect(await runtime.connectivity.check()).toMatchObject({ status: 'offline', isOverridden: true });
  expect((await runtime.deadLetters()).map(({ address }) => address)).toEqual(['hostile/a']);
});

test('changes are told as they come, and end when the runtime closes', async () => {
  const probe = new ManualProbe();
  const runtime = await open({ ...slow, probe });
  const seen: string[] = [];
  const ended = (async () => {
    for await (const { status } of runtime.connectivity.changes()) {
      seen.push(status);
      if (status === 'online') void runtime.close();
    }
  })();
  await probe.begun(1);
  probe.answer('online');
  await ended;

  expect(seen).toEqual(['unknown', 'online']);
});

test('who follows the changes can leave, though nothing changes', async () => {
  const runtime = await open({ ...slow, probe: new ManualProbe() });
  const changes = runtime.connectivity.changes();
  await changes.next();
  const next = changes.next();

  await changes.return();

  await expect(next).resolves.toEqual({ done: true, value: undefined });
});

test('what waits ends with its signal, and with the runtime', async () => {
  const probe = new ManualProbe();
  const runtime = await open({ ...slow, probe });
  const { connectivity } = runtime;
  const stop = new AbortController();
  const waiting = connectivity.waitFor('degraded', { signal: stop.signal });
  const others = Promise.allSettled([connectivity.ready(), connectivity.waitFor('offline')]);
  stop.abort(new Error('enough'));

  await expect(waiting).rejects.toThrow('enough');
  await runtime.close();
  const closed = { status: 'rejected', reason: codedError('HOLDFAST_ERR_CLOSED') };
  expect(await others).toEqual([closed, closed]);
  await expect(connectivity.check()).rejects.toEqual(codedError('HOLDFAST_ERR_CLOSED'));
  expect(connectivity.report(Object.assign(new Error('late'), { code: 'ENETUNREACH' }))).toBe(false);
});

test('options that make no sense are refused', async () => {
  const wrong = [{ probe: {} }, { intervalMs: 0 }, { jitter: 2 }, { interval: 5 }];

  for (const connectivity of wrong) {
    await expect(open(connectivity as ConnectivityOptions)).rejects.toEqual(
      codedError('HOLDFAST_ERR_OPTION_INVALID'),
    );
  }
  const { connectivity } = await open({ probe: alwaysOffline });
  for (const refused of [
    connectivity.override('gone' as 'offline'),
    connectivity.override('offline', 7 as unknown as string),
    connectivity.waitFor('onlien' as 'online'),
  ])
    await expect(refused).rejects.toEqual(codedError('HOLDFAST_ERR_OPTION_INVALID'));
});

test('nothing of it keeps a process alive that has done its work', async () => {
  const { code, lines, stderr } = await runChild('look-and-end.ts', [`${temporaryFolder()}/app.db`]);

  expect({ code, lines, stderr }).toEqual({ code: 0, lines: ['offline'], stderr: '' });
});

test('changes that nobody reads on keep no process alive once the runtime is closed', async () => {
  const { code, lines, stderr } = await runChild('leave-changes.ts', [`${temporaryFolder()}/app.db`]);

  expect({ code, lines, stderr }).toEqual({ code: 0, lines: ['closed'], stderr: '' });
});
