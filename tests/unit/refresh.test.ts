import { expect, onTestFinished, test, vi } from 'vitest';
import { assign, setup } from 'xstate';
import { refreshRequest } from '../../actors/host/input-request.ts';
import { AskedHost, foreignAppend, hostedMachine } from '../support/hosted-actor.ts';

const counter = setup({ types: {} as { context: { total: number } } }).createMachine({
  context: { total: 0 },
  on: { added: { actions: assign({ total: ({ context }) => context.total + 1 }) } },
});

/** An actor in memory, whose reads the test counts, and answers when it lets them. */
async function watchedActor() {
  const asked = new AskedHost(new Map([['thing', hostedMachine(counter)]]));
  await asked.send('thing/1', 'added', {});
  const gates: (() => void)[] = [];
  const load = asked.log.load.bind(asked.log);
  const reads = vi.spyOn(asked.log, 'load').mockImplementation(async (request) => {
    const read = await load(request);
    await new Promise<void>((resolve) => gates.push(resolve));
    return read;
  });
  onTestFinished(() => reads.mockRestore());
  /** What has been read arrives. */
  const arrive = async () => {
    await vi.waitFor(() => expect(gates.length).toBeGreaterThan(0));
    gates.shift()?.();
  };
  const refresh = () => asked.host.receive(refreshRequest('thing/1'));
  return { asked, reads, arrive, refresh };
}

test('who asks for news while an actor is read asks once, however often another process writes', async () => {
  const { asked, reads, arrive, refresh } = await watchedActor();

  for (let written = 0; written < 1_000; written++) refresh();
  const sent = asked.send('thing/1', 'added', {});
  await arrive();
  await arrive();

  await expect(sent).resolves.toMatchObject({ version: 2 });
  expect(reads).toHaveBeenCalledTimes(2);
});

test('what another process writes after a read has begun is looked for once more', async () => {
  const { asked, reads, arrive, refresh } = await watchedActor();
  refresh();
  await vi.waitFor(() => expect(reads).toHaveBeenCalledTimes(1));
  // It has been read by now, and has not arrived.
  await new Promise((resolve) => setImmediate(resolve));
  await asked.log.appendNow(foreignAppend('thing/1', 'added', {}));

  refresh();
  await arrive();
  await arrive();

  await expect(asked.send('thing/1', 'added', {})).resolves.toMatchObject({ version: 3 });
  expect(reads).toHaveBeenCalledTimes(2);
});
