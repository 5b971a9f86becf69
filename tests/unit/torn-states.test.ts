import { expect, test } from 'vitest';
import { createMachine } from 'xstate';
import { AskedHost, hostedMachine } from '../support/hosted-actor.ts';

const excluding = createMachine({
  initial: 'both',
  states: {
    both: {
      type: 'parallel',
      states: {
        one: {
          initial: 'a',
          states: { a: { on: { go: '#past', stay: 'a' } }, past: { id: 'past', type: 'history' } },
        },
        other: { on: { go: { target: '#out', reenter: true } } },
      },
    },
    out: { id: 'out' },
  },
});

test('an event at which XState would enter states that exclude each other is refused and writes nothing', async () => {
  const host = new AskedHost(new Map([['thing', hostedMachine(excluding)]]));

  const answer = await host.send('thing/1', 'go', {});

  expect(answer).toMatchObject({
    code: 'HOLDFAST_ERR_TRANSITION_FAILED',
    message: expect.stringContaining('transitions that exclude each other'),
  });
  expect(await host.log.events('thing/1')).toEqual([]);
});

test('regions with history are hosted as long as they do not exclude each other', async () => {
  const host = new AskedHost(new Map([['thing', hostedMachine(excluding)]]));

  const answer = await host.send('thing/1', 'stay', {});

  expect(answer).toMatchObject({ outcome: 'appended', state: { both: { one: 'a', other: {} } } });
});
