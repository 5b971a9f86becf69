import { expect, test } from 'vitest';
import { codedError } from '../support/coded-error.ts';
import { keyed, shared } from '../support/fixtures/folds.ts';
import { openRuntime } from '../support/open-runtime.ts';

test('each state begins with a copy of the first one, also when it is built anew', async () => {
  const runtime = await openRuntime(['folds']);
  await runtime.store.append('a', [{ type: 'one' }, { type: 'two' }]);
  const { position } = await runtime.store.append('b', [{ type: 'one' }]);
  const counts = () =>
    Promise.all(['a', 'b'].map((partition) => runtime.projected(shared, { partition, after: position })));

  const before = await counts();
  for await (const _ of runtime.rebuild(shared));

  expect([before, await counts()]).toEqual(Array(2).fill([{ count: 2 }, { count: 1 }]));
});

test('a state can be asked for by whatever key it has, and keys that would be one in the file are refused', async () => {
  const runtime = await openRuntime(['folds']);
  const keys = ['a\nb', '\0', '', 'x'.repeat(5_000), 'Ж'];
  const halves = ['\ud800', '\ud801'];
  const events = [...keys, ...halves].map((key) => ({ type: 'keyed', data: { key } }));
  const { position } = await runtime.store.append('keys', events);
  const stateOf = (partition: string) => runtime.projected(keyed, { partition, after: position });

  expect(await Promise.all(keys.map(stateOf))).toEqual(keys.map(() => 1));
  expect(await stateOf('\ud800')).toBeUndefined();
  await expect(stateOf(5 as never)).rejects.toThrow(codedError('HOLDFAST_ERR_OPTION_INVALID'));
  const { projections } = await runtime.health();
  expect(projections.find(({ name }) => name === 'keyed')).toMatchObject({
    skipped: halves.length,
    state: 'current',
  });
});
