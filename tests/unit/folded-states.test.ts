import { expect, test } from 'vitest';
import type { Entropy } from '../../actors/steps/entropy.ts';
import type { AnyProjectionDefinition } from '../../runtime/projections/define-projection.ts';
import { FoldedStates } from '../../runtime/projections/folded-states.ts';
import type { Handled } from '../../runtime/projections/range-run.ts';

test('a long list is not gone through with each event that is folded into it', async () => {
  let looks = 0;
  const list = new Proxy([1, 2, 3], {
    get(target, key, receiver) {
      if (key === '0') looks++;
      return Reflect.get(target, key, receiver) as unknown;
    },
  });
  const entropy = { within: (run: () => unknown) => run() } as unknown as Entropy;
  const folded = new FoldedStates(
    new Map([['', list]]),
    { partition: null } as unknown as AnyProjectionDefinition,
    {
      read: async () => 'moved',
      trace: { begins: () => undefined, ends: () => undefined },
      carefully: false,
    },
  );
  const handled = { event: {}, handler: (state: unknown) => state } as unknown as Handled;

  await folded.add(1, [handled, handled], entropy);

  expect(looks).toBe(0);
});
