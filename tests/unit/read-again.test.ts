import { expect, onTestFinished, test, vi } from 'vitest';
import { fromCallback, setup } from 'xstate';
import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import { AskedHost, foreignAppend, hostedMachine } from '../support/hosted-actor.ts';
import { InMemoryHostLog } from '../support/in-memory-host-log.ts';

test('work whose actor cannot be read when it is compared with the file is compared later, and ends if its state was left', async () => {
  let isRunning = false;
  const busy = fromCallback(() => {
    isRunning = true;
    return () => {
      isRunning = false;
    };
  });
  const machine = setup({ actors: { busy } }).createMachine({
    initial: 'on',
    states: { on: { invoke: { src: 'busy' }, on: { off: 'off' } }, off: {} },
  });
  const log = new InMemoryHostLog();
  const asked = new AskedHost(new Map([['thing', hostedMachine(machine)]]), { log });
  await asked.start('thing/1');
  expect(isRunning).toBe(true);

  await log.appendNow(foreignAppend('thing/1', 'off', {}));
  const { load } = log;
  log.load = () => Promise.reject(holdfastError('HOLDFAST_ERR_STORAGE_IO', 'It cannot be read.'));
  asked.host.refreshWorking();
  await new Promise((resolve) => setImmediate(resolve));
  expect([isRunning, asked.host.residents]).toEqual([true, 0]);
  log.load = load;

  await expect.poll(() => isRunning).toBe(false);
});

test('an actor that only other code reads is read again seldom, whatever its work tells, and loses nothing of that', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  let tell: () => void = () => undefined;
  const teller = fromCallback(({ sendBack }) => {
    tell = () => sendBack({ type: 'told' });
  });
  const machine = setup({ actors: { teller } }).createMachine({
    invoke: { src: 'teller' },
    on: { told: { actions: () => undefined } },
  });
  const log = new InMemoryHostLog();
  const asked = new AskedHost(new Map([['thing', hostedMachine(machine)]]), { log });
  await asked.start('thing/1');
  const { load } = log;
  let reads = 0;
  log.load = async () => {
    reads++;
    throw holdfastError('HOLDFAST_ERR_TRANSITION_FAILED', 'It fails on what is recorded.', undefined);
  };

  asked.host.refreshWorking();
  for (let second = 0; second < 20; second++) {
    tell();
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(reads).toBeLessThan(6);
  log.load = load;
  await vi.advanceTimersByTimeAsync(5_000);
  await log.drained();

  expect((await log.events('thing/1')).filter(({ type }) => type === 'told')).toHaveLength(20);
});
