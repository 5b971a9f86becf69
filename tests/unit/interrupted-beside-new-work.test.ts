import { expect, test } from 'vitest';
import { fromPromise, setup } from 'xstate';
import { defineAggregate } from '../../actors/definitions/define-aggregate.ts';
import { HostedDefinition } from '../../actors/definitions/hosted-definition.ts';
import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import { AskedHost } from '../support/hosted-actor.ts';

test('work that was interrupted and is never to run twice stays so beside work that its new thread has begun', async () => {
  let begun = 0;
  const job = fromPromise(() => {
    begun++;
    return new Promise(() => undefined);
  });
  const half = (event: string) => ({
    initial: 'idle',
    states: {
      idle: { on: { [event]: 'busy' } },
      busy: { invoke: { src: 'job' as const, onError: 'failed' } },
      failed: {},
    },
  });
  const machine = setup({ actors: { job } }).createMachine({
    type: 'parallel',
    states: { first: half('begin'), second: half('also') },
  });
  const thing = new HostedDefinition(
    defineAggregate('thing', { machine, actors: { job: { onRestart: 'fail' } } }),
  );
  const definitions = new Map([['thing', thing]]);
  const before = new AskedHost(definitions);
  await before.send('thing/a', 'begin', {});
  expect(begun).toBe(1);

  // The failure of what its thread had under way cannot be kept yet, and what is sent meanwhile can.
  const { log } = before;
  log.breakWith(({ events }) =>
    events[0]?.type === 'holdfast.settled' ? holdfastError('HOLDFAST_ERR_STORAGE_FULL', 'full') : undefined,
  );
  const next = new AskedHost(definitions, { log });
  await next.wake('thing/a');
  await next.send('thing/a', 'also', {});
  await next.snapshot('thing/a');
  expect(begun).toBe(2);
  log.breakWith(() => undefined);

  await expect
    .poll(async () => (await next.snapshot('thing/a')).state)
    .toEqual({ first: 'failed', second: 'busy' });
  expect(begun).toBe(2);
});
