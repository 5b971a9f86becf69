import { expect, test } from 'vitest';
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
