import assert from 'node:assert/strict';
import { type CheckBackend, collect, failureOf, noted } from './check-backend.ts';

/** What a caller who has lost the types could pass: refused by code, with a hint where a name is nearly right. */
export function doorContract(check: CheckBackend): void {
  const badNames: [what: string, name: unknown][] = [
    ['empty', ''],
    ['a number', 5],
    ['missing', undefined],
    ['overlong', 'x'.repeat(513)],
    ['one with a control character', 'a\nb'],
    ['one with half a surrogate pair', 'a\ud800'],
  ];
  check('every method that takes a name refuses one that cannot be a key of the store', async ({ store }) => {
    for (const [what, name] of badNames) {
      const stream = name as string;
      const calls = [
        () => store.append(stream, noted(1)),
        () => collect(store.read(stream)),
        () => store.getEventsAfter(stream, 0),
        () => store.saveSnapshot(stream, { version: 1, state: 1 }),
        () => store.getLatestSnapshot(stream),
        () => store.append('s', [{ type: stream }]),
      ];
      for (const call of calls) await failureOf('HOLDFAST_ERR_ARGUMENT_INVALID', call, what);
    }
    assert.equal((await store.stats()).events, 0);
  });

  const badEvents: [what: string, events: unknown][] = [
    ['no array', { type: 'noted' }],
    ['an empty array', []],
    ['an array with a hole', new Array(1)],
    ['an event that is null', [null]],
    ['an event that is a string', ['noted']],
    ['metadata that is no object', [{ type: 'noted', metadata: 'me' }]],
    ['metadata that is an array', [{ type: 'noted', metadata: [] }]],
    ['an empty id', [{ type: 'noted', id: '' }]],
    ['an overlong id', [{ type: 'noted', id: 'x'.repeat(257) }]],
    ['an unknown field', [{ type: 'noted', payload: 1 }]],
  ];
  check('append refuses what are no events', async ({ store }) => {
    for (const [what, events] of badEvents) {
      await failureOf('HOLDFAST_ERR_ARGUMENT_INVALID', () => store.append('s', events as []), what);
    }
    assert.equal((await store.stats()).events, 0);
  });

  const badVersions: unknown[] = [-1, 1.5, Number.NaN, Infinity, '1', null, 'none', 2n];
  check('append refuses what is no expected version', async ({ store }) => {
    for (const version of badVersions) {
      const expectedVersion = version as number;
      const call = () => store.append('s', noted(1), { expectedVersion });
      await failureOf('HOLDFAST_ERR_ARGUMENT_INVALID', call, String(version));
    }
    assert.equal((await store.stats()).events, 0);
  });

  check('ranges that are no whole numbers are refused', async ({ store }) => {
    for (const wrong of [-1, 0.5, Number.NaN, '1' as unknown as number]) {
      await failureOf('HOLDFAST_ERR_ARGUMENT_INVALID', () => collect(store.read('s', { after: wrong })));
      await failureOf('HOLDFAST_ERR_ARGUMENT_INVALID', () => collect(store.read('s', { limit: wrong })));
      await failureOf('HOLDFAST_ERR_ARGUMENT_INVALID', () => collect(store.readAll({ after: wrong })));
      await failureOf('HOLDFAST_ERR_ARGUMENT_INVALID', () => store.getEventsAfter('s', wrong));
      await failureOf('HOLDFAST_ERR_ARGUMENT_INVALID', () =>
        store.saveSnapshot('s', { version: wrong, state: 1 }),
      );
    }
  });

  check('a direction, key or signal of the wrong kind is refused', async ({ store }) => {
    const direction = 'sideways' as 'forward';
    await failureOf('HOLDFAST_ERR_OPTION_INVALID', () => collect(store.read('s', { direction })));
    await failureOf('HOLDFAST_ERR_ARGUMENT_INVALID', () =>
      store.append('s', noted(1), { idempotencyKey: '' }),
    );
    const idempotencyKey = 'x'.repeat(257);
    await failureOf('HOLDFAST_ERR_ARGUMENT_INVALID', () => store.append('s', noted(1), { idempotencyKey }));
  });

  check('a misspelled option is refused and the likely one named', async ({ store }) => {
    const options = (wrong: object) => wrong as Record<string, never>;
    const refused: [likely: string, call: () => unknown][] = [
      ['expectedVersion', () => store.append('s', noted(1), options({ expectedVerison: 0 }))],
      ['idempotencyKey', () => store.append('s', noted(1), options({ idempotencykey: 'k' }))],
      ['direction', () => collect(store.read('s', options({ directon: 'backward' })))],
      ['limit', () => collect(store.readAll(options({ limits: 1 })))],
      ['signal', () => store.subscribe(options({ signl: undefined })).next()],
      ['onProgress', () => store.verify(options({ onprogress: undefined }))],
    ];

    for (const [likely, call] of refused) {
      const error = await failureOf('HOLDFAST_ERR_OPTION_INVALID', call);
      assert.ok(error.message.includes(`did you mean "${likely}"?`), error.message);
    }
    assert.equal((await store.stats()).events, 0);
  });

  check('a misspelled field of an event is refused and the likely one named', async ({ store }) => {
    const misspelled: { type: string }[] = [Object.assign({ type: 'noted' }, { metdata: {} })];

    const error = await failureOf('HOLDFAST_ERR_ARGUMENT_INVALID', () => store.append('s', misspelled));

    assert.ok(error.message.includes('Did you mean "metadata"?'), error.message);
  });

  check('options that are no object are refused', async ({ store }) => {
    const wrong = 'no-stream' as unknown as object;
    await failureOf('HOLDFAST_ERR_OPTION_INVALID', () => store.append('s', noted(1), wrong));
    await failureOf('HOLDFAST_ERR_OPTION_INVALID', () => store.readAll(5 as unknown as object));
  });
}
