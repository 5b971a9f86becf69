import { expect, test } from 'vitest';
import { type LivePorts, liveQuery } from '../../runtime/projections/live-query.ts';
import { limits } from '../../runtime/protocol/limits.ts';

test.each([undefined, 'id'])('rows may be larger than a payload, by the key %s', async (key) => {
  let text = 'a'.repeat(limits.payloadLengthMax + 1);
  let changed: () => void = () => undefined;
  const ports: LivePorts<{ id: string; text: string }> = {
    run: async () => [{ id: '1', text }],
    onChanged(listener) {
      changed = () => listener({ name: 'own', version: 1, tables: '', tableNames: [], onError: 'stop' });
      return () => undefined;
    },
  };
  const found = liveQuery('select * from own', 'own', key, new AbortController().signal, ports);
  expect((await found.next()).value).toMatchObject({ added: [{ id: '1' }] });

  changed();
  const next = found.next();
  text = text.replace(/a$/, 'b');
  changed();

  const { rows, added, removed, changed: replaced } = (await next).value ?? {};
  expect(rows?.[0]?.text.endsWith('b')).toBe(true);
  expect([added?.length, removed?.length, replaced?.length]).toEqual(
    key === undefined ? [1, 1, 0] : [0, 0, 1],
  );
  await found.return();
});

test.each(["'their''s'", "'THEIR''S'", '"their\'s"', "[their's]"])(
  'a query is run again when a table changes that it names as %s',
  async (table) => {
    let rows: object[] = [];
    let changed: () => void = () => undefined;
    const ports: LivePorts<object> = {
      run: async () => rows,
      onChanged(listener) {
        changed = () =>
          listener({ name: 'other', version: 1, tables: '', tableNames: ["their's"], onError: 'stop' });
        return () => undefined;
      },
    };
    const stop = new AbortController();
    const found = liveQuery(`select * from ${table}`, 'own', undefined, stop.signal, ports);
    expect((await found.next()).value?.rows).toEqual([]);

    const next = found.next();
    rows = [{ id: 1 }];
    changed();
    // It has looked by then, if it looks at all.
    setImmediate(() => stop.abort());

    expect((await next).value?.rows).toEqual([{ id: 1 }]);
  },
);
