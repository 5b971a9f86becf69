import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { fromCallback, setup } from 'xstate';
import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import { encode } from '../../runtime/protocol/codec.ts';
import type { LoadedStream, LoadRequest } from '../../runtime/protocol/load.ts';
import { AskedHost, foreignAppend, hostedMachine } from '../support/hosted-actor.ts';
import { InMemoryHostLog } from '../support/in-memory-host-log.ts';
import { address } from '../support/one-actor.ts';
import { times } from '../support/thorough.ts';

/** How an append ends, and whether the callback tells something meanwhile. */
const arbitraryAppend = fc.record({
  fault: fc.constantFrom('none', 'none', 'full', 'conflict'),
  tells: fc.boolean(),
});

const arbitrarySteps = fc.array(
  fc.constantFrom('tell', 'tell', 'tell', 'send', 'append elsewhere', 'turn', 'turn', 'wait'),
  { minLength: 4, maxLength: 30 },
);

/** A log that cannot be read now and then. */
class FaultyLog extends InMemoryHostLog {
  reads: boolean[] = [];

  override load(request: LoadRequest): Promise<LoadedStream> {
    if (this.reads.shift() === false) return Promise.reject(full());
    return super.load(request);
  }
}

function full() {
  return holdfastError('HOLDFAST_ERR_STORAGE_FULL', 'The disk is full.');
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** An actor whose callback tells numbers, in turn. */
async function openTeller() {
  let sendBack: (event: { type: 'told'; number: number }) => void = () => undefined;
  const teller = fromCallback((given) => {
    sendBack = given.sendBack;
  });
  const noted = { actions: () => undefined };
  const machine = setup({ actors: { teller } }).createMachine({
    invoke: { src: 'teller' },
    on: { told: noted, sent: noted },
  });
  const log = new FaultyLog();
  const asked = new AskedHost(new Map([['thing', hostedMachine(machine, 7)]]), { log });
  await asked.start(address);
  let count = 0;
  const tell = (): void => sendBack({ type: 'told', number: ++count });
  const kept = async () =>
    (await log.events(address)).flatMap(({ type, data }) => (type === 'told' ? [data] : []));
  const told = () => Array.from({ length: count }, (_, index) => encode({ number: index + 1 }));
  return { asked, log, tell, kept, told };
}

test('what work tells is kept once and in order, whatever fails meanwhile, and whoever else writes', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  await fc.assert(
    fc.asyncProperty(
      arbitrarySteps,
      fc.array(arbitraryAppend, { maxLength: 20 }),
      fc.array(fc.boolean(), { maxLength: 8 }),
      async (steps, appends, reads) => {
        const { asked, log, tell, kept, told } = await openTeller();
        const left = [...appends];
        log.reads = [...reads];
        log.breakWith(({ stream, expectedVersion: expected }) => {
          const { fault, tells } = left.shift() ?? { fault: 'none', tells: false };
          if (tells) tell();
          if (fault === 'full') return full();
          const conflict = { stream, expected, actual: 99 };
          if (fault === 'conflict')
            return holdfastError('HOLDFAST_ERR_VERSION_CONFLICT', 'Too late.', conflict);
          return undefined;
        });

        for (const step of steps) {
          if (step === 'tell') tell();
          else if (step === 'send') void asked.send(address, 'sent', {});
          else if (step === 'append elsewhere') await log.appendNow(foreignAppend(address, 'sent', {}));
          else if (step === 'turn') await turn();
          else await vi.advanceTimersByTimeAsync(250);
        }
        for (let round = 0; round < 200 && (await kept()).length < told().length; round++) {
          await turn();
          await vi.advanceTimersByTimeAsync(50);
        }

        expect(await kept()).toEqual(told());
      },
    ),
    { numRuns: times(300, 3_000) },
  );
});
