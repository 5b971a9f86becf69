import fc from 'fast-check';
import { expect, test } from 'vitest';
import { balances, ledger } from '../support/fixtures/ledger.ts';
import { picky } from '../support/fixtures/picky-ledger.ts';
import { ProjectionWorld } from '../support/projection-world.ts';
import { times } from '../support/thorough.ts';

const anyEvent = fc.oneof(
  fc.record({ type: fc.constant('moved'), data: fc.record({ amount: fc.integer({ min: -9, max: 9 }) }) }),
  fc.record({
    type: fc.constant('noted'),
    data: fc.record({ note: fc.constantFrom('a', 'a b', "b'c", '') }),
  }),
  fc.record({ type: fc.constantFrom('closed', 'unknown'), data: fc.constant({}) }),
);

const anyStep = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      stream: fc.constantFrom('account/1', 'account/2', 'other/1', 'account'),
      events: fc.array(anyEvent, { minLength: 1, maxLength: 8 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const) }) },
);

const anyRange = fc.integer({ min: 1, max: 12 });

test.each([
  ['tables', ledger],
  ['states', balances],
  ['tables whose events fail', picky],
])(
  '%s that grow with the log are those that a rebuild makes, after every step, beside another process',
  async (_, definition) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(anyStep, anyRange, anyRange, fc.option(fc.integer({ min: 1, max: 3 }))), {
          maxLength: 12,
        }),
        async (steps) => {
          const world = new ProjectionWorld(definition);
          try {
            for (const [step, little, much, rivalAt] of steps) {
              if (step.kind === 'lose') world.loseThread();
              else for (const { type, data } of step.events) world.append(step.stream, type, data);
              await (rivalAt === null ? world.catchUp(little) : world.catchUpBesideRival(little, rivalAt));
              const grown = world.content();
              await world.rebuild(much);
              expect(world.content()).toEqual(grown);
            }
          } finally {
            world.close();
          }
        },
      ),
      { numRuns: times(6, 40) },
    );
  },
);
