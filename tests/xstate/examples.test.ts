import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Example } from '../support/machines/example.ts';
import { mediaPlayer, ticTacToe, wizard } from '../support/machines/forms.ts';
import { doorLock, elevator, pomodoro, trafficLight } from '../support/machines/timers.ts';
import {
  checkout,
  checkoutTooLate,
  fetchWithRetry,
  fileUpload,
  stopwatch,
  todoList,
} from '../support/machines/work.ts';
import { type Observation, runByXState } from '../support/statechart-oracle.ts';
import { HostedRun, runEverywhere } from '../support/statechart-run.ts';

type State = Omit<Observation, 'performed' | 'emitted'>;

/** What is durable: a crash may lose actions that were not carried out yet, and events that were to be emitted. */
const stateOf = ({ performed: _performed, emitted: _emitted, ...state }: Observation): State => state;

const examples: readonly [string, Example, Partial<Observation>][] = [
  ['a traffic light', trafficLight, { value: 'green', context: { rounds: 1, requests: 0 } }],
  ['a pomodoro timer', pomodoro, { value: 'idle', context: { rounds: 2, left: 0 } }],
  ['an elevator', elevator, { value: 'idle', context: { floor: 2, stops: [] } }],
  ['a door lock', doorLock, { value: 'open', context: { code: '9', wrong: 0, blockedMs: 4_000 } }],
  ['a wizard', wizard, { status: 'done', output: { name: 'ann', plan: 'pro' } }],
  ['a media player', mediaPlayer, { value: { playback: 'stopped', volume: 'normal', screen: 'small' } }],
  ['tic-tac-toe', ticTacToe, { value: 'playing' }],
  ['a fetch that is tried again', fetchWithRetry, { status: 'done', output: { rows: 2 } }],
  ['a checkout', checkout, { status: 'done', output: 'shipped as T1' }],
  ['a checkout that takes too long', checkoutTooLate, { status: 'done', output: 'refused' }],
  ['a stopwatch', stopwatch, { value: 'stopped', context: { elapsed: 0, laps: [] } }],
  ['a list of things to do', todoList, { context: { done: 3, archive: ['milk', 'rye bread'] } }],
  ['an upload', fileUpload, { value: 'uploaded', context: { percent: 70 } }],
];

test.each(examples)('%s goes through its day as it would in XState', async (_name, example, last) => {
  const seen = await runEverywhere(example.machine, example.script, { input: example.input });

  expect(seen.last).toMatchObject(last);
});

test.each(examples)(
  '%s is where it would be without crashes, whenever its process dies',
  async (_name, { machine, script, input }) => {
    const oracle = runByXState(machine, input);
    const expected: State[] = [];
    for (const step of script) {
      await oracle.take(step);
      expected.push(stateOf(await oracle.look()));
    }

    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('stays', 'dies after', 'dies within'), {
          minLength: script.length,
          maxLength: script.length,
        }),
        fc.constantFrom('resident', 'passivated', 'replayed'),
        async (fates, treatment) => {
          const run = await new HostedRun(machine, treatment).start(input);
          for (const [index, step] of script.entries()) {
            // What a callback or an observable tells twice is heard twice.
            const isRepeatable = step.kind !== 'world' || /resolves$|fails$/.test(step.what);
            if (fates[index] === 'dies within' && isRepeatable) await run.takeTwice(step);
            else await run.take(step);
            if (fates[index] === 'dies after') await run.crash();
            expect(stateOf(await run.look())).toEqual(expected[index]);
          }
          expect(run.log.effects.messages()).toEqual([]);
        },
      ),
      { numRuns: 12 },
    );
  },
);
