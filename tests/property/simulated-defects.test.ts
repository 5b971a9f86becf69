import { afterEach, expect, test, vi } from 'vitest';
import { addressOf } from '../../actors/definitions/address-of.ts';
import { defineAggregate } from '../../actors/definitions/define-aggregate.ts';
import { ConsequenceWriter } from '../../runtime/sqlite/log/consequence-writer.ts';
import { type AppendOutcome, LogWriter } from '../../runtime/sqlite/log/log-writer.ts';
import { simulations } from '../../runtime/testing/simulation/simulate.ts';
import { makeCouriers } from '../support/courier.ts';

// The sources, in which a defect can be planted, and not the package, whose types the couriers have.
const { scenario } = makeCouriers({ addressOf, defineAggregate } as unknown as typeof import('holdfast'));
const run = simulations as unknown as typeof import('holdfast/testing').simulations;

afterEach(() => vi.restoreAllMocks());

/** Which promise a simulation sees broken. */
async function brokenPromise(faults: object): Promise<unknown> {
  try {
    await run({ ...scenario(1), steps: 20, faults, runs: 10, shrinkRuns: 0 });
    return undefined;
  } catch (error) {
    return (error as { invariant?: unknown }).invariant;
  }
}

test('a store that does not look whether a message was heard before is found out', async () => {
  vi.spyOn(ConsequenceWriter.prototype, 'isGone').mockReturnValue(false);

  expect(await brokenPromise({ duplicateDelivery: 0.3 })).toBe('a delivery is heard once');
});

test('a store that acknowledges what the disk has not taken is found out', async () => {
  const { appendGroup } = LogWriter.prototype;
  vi.spyOn(LogWriter.prototype, 'appendGroup').mockImplementation(function (this: LogWriter, requests) {
    return appendGroup.call(this, requests).map((outcome, index): AppendOutcome => {
      const { expectedVersion, events } = requests[index]!;
      if (!(outcome instanceof Error) || outcome.code !== 'HOLDFAST_ERR_STORAGE_FULL') return outcome;
      const version = Number(expectedVersion) + events.length;
      return {
        outcome: 'appended',
        version,
        position: this.position,
        head: events.at(-1)?.id ?? '',
        reply: null,
      };
    });
  });

  expect(await brokenPromise({ diskError: 0.1 })).toMatch(/durable|once|vanishes/);
});
