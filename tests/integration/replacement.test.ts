import diagnostics from 'node:diagnostics_channel';
import { join } from 'node:path';
import { createRuntime } from 'holdfast';
import { expect, onTestFinished, test } from 'vitest';
import { codedError } from '../support/coded-error.ts';
import { hostile } from '../support/fixtures/hostile.ts';
import { fixture, openRuntime } from '../support/open-runtime.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A file that is not there: harm is done once for each. */
const freshMark = () => join(temporaryFolder(), 'mark');

/** Calls back once, at the moment a host of this process is found dead and not yet replaced. */
function onHostDied(listener: () => void): void {
  const once = () => {
    diagnostics.unsubscribe('holdfast:host:died', once);
    listener();
  };
  diagnostics.subscribe('holdfast:host:died', once);
}

test('a command sent while a dead host is being fenced is watched over like any other', async () => {
  const runtime = await openRuntime(['hostile'], { hostUnresponsiveMs: 300 });
  const actor = runtime.actor(hostile, 'a');
  await actor.send({ type: 'counted' });
  const second = new Promise<unknown>((resolve) => {
    onHostDied(() => {
      actor.send({ type: 'harmed', harm: 'loop', mark: freshMark(), times: 2 }).then(resolve, resolve);
    });
  });

  await expect(actor.send({ type: 'harmed', harm: 'throw', mark: freshMark() })).rejects.toEqual(
    codedError('HOLDFAST_ERR_HOST_DIED'),
  );

  expect(await second).toEqual(codedError('HOLDFAST_ERR_POISON_MESSAGE'));
});

test('a command sent while a dead host is being fenced is answered although the runtime closes', async () => {
  const runtime = await createRuntime({
    database: join(temporaryFolder(), 'app.db'),
    modules: [fixture('hostile')],
    hosts: 1,
    closeTimeoutMs: 0,
  });
  onTestFinished(() => runtime.close());
  const actor = runtime.actor(hostile, 'a');
  await actor.send({ type: 'counted' });
  const second = new Promise<unknown>((resolve) => {
    onHostDied(() => {
      actor.send({ type: 'counted' }).then(resolve, resolve);
      void runtime.close();
    });
  });

  await expect(actor.send({ type: 'harmed', harm: 'throw', mark: freshMark() })).rejects.toEqual(
    codedError('HOLDFAST_ERR_HOST_DIED'),
  );

  expect(await second).toEqual(codedError('HOLDFAST_ERR_CLOSED'));
});
