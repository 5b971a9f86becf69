import { expect, test } from 'vitest';
import { cancel, raise, sendTo, setup } from 'xstate';
import { addressOf } from '../../actors/definitions/address-of.ts';
import { AskedHost, hostedMachine } from '../support/hosted-actor.ts';

const machine = setup({}).createMachine({
  on: {
    raise: { actions: raise({ type: 'later' }, { delay: 10, id: (() => 'x') as never }) },
    send: { actions: sendTo(addressOf('thing', '2'), { type: 'later' }, { delay: 10, id: {} as never }) },
    cancel: { actions: cancel(7 as never) },
    fine: { actions: [raise({ type: 'later' }, { delay: 10, id: 'x' }), cancel(() => 'x')] },
    later: {},
  },
});

test.each(['raise', 'send', 'cancel'])(
  'an id of a delayed event that is no string is refused with its step: %s',
  async (type) => {
    const host = new AskedHost(new Map([['thing', hostedMachine(machine)]]));

    const answer = await host.send('thing/1', type, {});

    expect(answer).toMatchObject({ code: 'HOLDFAST_ERR_PAYLOAD_INVALID', path: 'id' });
    expect(await host.send('thing/1', 'fine', {})).toMatchObject({ outcome: 'appended', version: 1 });
  },
);
