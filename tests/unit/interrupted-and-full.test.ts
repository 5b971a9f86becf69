import { expect, onTestFinished, test, vi } from 'vitest';
import { fromPromise, setup } from 'xstate';
import { defineAggregate } from '../../actors/definitions/define-aggregate.ts';
import { HostedDefinition } from '../../actors/definitions/hosted-definition.ts';
import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import { AskedHost } from '../support/hosted-actor.ts';

test('the failure of interrupted work waits once for a disk that is full, however often its actor is read meanwhile', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const job = fromPromise(() => new Promise(() => undefined));
  const machine = setup({ actors: { job } }).createMachine({
    initial: 'busy',
    states: { busy: { invoke: { src: 'job', onError: 'failed' } }, failed: {} },
  });
  const thing = new HostedDefinition(
    defineAggregate('thing', { machine, actors: { job: { onRestart: 'fail' } } }),
  );
  const definitions = new Map([['thing', thing]]);
  const before = new AskedHost(definitions);
  await before.start('thing/1');
  const { log } = before;
  let refused = 0;
  log.breakWith(() => {
    refused++;
    return holdfastError('HOLDFAST_ERR_STORAGE_FULL', 'The disk is full.');
  });
  const next = new AskedHost(definitions, { log });
  await next.wake('thing/1');
  for (let look = 0; look < 5; look++) await next.snapshot('thing/1');
  while (refused < 5) {
    await vi.advanceTimersByTimeAsync(250);
    await log.drained();
  }

  log.breakWith(() => undefined);
  const { load } = log;
  let loads = 0;
  log.load = (request) => {
    loads++;
    return load.call(log, request);
  };
  await vi.advanceTimersByTimeAsync(250);
  await log.drained();
  // Whatever else was told would have the actor read, to be told too late.
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));

  expect(loads).toBe(0);
  expect(await next.snapshot('thing/1')).toMatchObject({ state: 'failed', version: 2 });
});
