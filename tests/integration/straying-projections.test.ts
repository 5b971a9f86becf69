import { expect, test } from 'vitest';
import { codedError } from '../support/coded-error.ts';
import { document } from '../support/fixtures/document.ts';
import { bystander, onlooker, straying } from '../support/fixtures/straying-projections.ts';
import { openRuntime } from '../support/open-runtime.ts';

test.each(['rejected', 'thrown'])(
  'no projection misses an event for an error that the handler of another left behind (%s)',
  async (harm) => {
    const runtime = await openRuntime(['straying-projections']);
    await runtime.query(straying, 'select 1');
    const bodies = ['a', 'b', harm, 'c', 'd', 'e'];
    const actor = runtime.actor(document, 'one');
    await actor.send({ type: 'created', title: 'One' });
    const sent = await Promise.all(bodies.map((body) => actor.send({ type: 'revised', body })));
    const after = sent.at(-1)?.position ?? 0;

    const rows = await runtime.query(bystander, 'select body from bystander order by rowid', [], { after });
    expect(rows).toEqual(bodies.map((body) => ({ body })));
    expect(await runtime.projected(onlooker, { after })).toEqual(bodies);
    const { projections } = await runtime.health();
    expect(projections).toEqual([
      expect.objectContaining({ name: 'bystander', state: 'current', skipped: 0 }),
      expect.objectContaining({ name: 'onlooker', state: 'current', skipped: 0 }),
      expect.objectContaining({ name: 'straying', skipped: 0 }),
    ]);
  },
);

test('a projection stops at the event for which its handler left a rejection behind, although it skips', async () => {
  const runtime = await openRuntime(['straying-projections']);
  await runtime.query(straying, 'select 1');
  const actor = runtime.actor(document, 'one');
  await actor.send({ type: 'created', title: 'One' });
  const bodies = ['a', 'b', 'rejected', 'c', 'd'];
  const sent = await Promise.all(bodies.map((body) => actor.send({ type: 'revised', body })));

  await expect(runtime.query(straying, 'select 1', [], { after: sent[4]?.position ?? 0 })).rejects.toThrow(
    codedError('HOLDFAST_ERR_PROJECTION_FAILED', {
      message: expect.stringMatching(/"revised" of document\/one at version 4.*began ended the thread/s),
      position: sent[2]?.position,
    }),
  );
  const rows = await runtime.query(straying, 'select body from straying order by rowid');
  expect(rows).toEqual([{ body: 'a' }, { body: 'b' }]);
});
