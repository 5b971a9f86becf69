import { expect, test } from 'vitest';
import { assign } from 'xstate';
import { AskedHost, hostedMachine } from '../support/hosted-actor.ts';
import { bump, raises, sends } from '../support/statechart-actions.ts';
import { behaviours } from '../support/statechart-behaviours.ts';
import { type Args, chart } from '../support/statechart-chart.ts';
import { send } from '../support/statechart-step.ts';

/** A machine on its own is computed without an actor, one with children as live actors: `self` has to be the same. */
const alone = {};
const withChildren = { actors: { child: chart({}) } };

const noteState = assign(({ context, self }: Args) => ({
  seen: [...context.seen, self.getSnapshot().value],
})) as object;

const remembersItself = (implementations: object) =>
  chart(
    {
      context: { me: null, n: 0 },
      on: {
        KEEP: { actions: assign(({ self }: Args) => ({ me: self })) as object },
        GO: { actions: sends(({ context }: Args) => context.me, { type: 'GOT' }) },
        GOT: { actions: bump('n') },
      },
    },
    implementations as never,
  );

for (const [what, implementations] of [
  ['a machine on its own', alone],
  ['a machine with children', withChildren],
] as const) {
  behaviours({
    [`${what} reads of itself, within a step, the state that the step began in`]: {
      machine: () =>
        chart(
          {
            context: { seen: [] },
            initial: 'a',
            states: {
              a: { on: { GO: { target: 'b', actions: noteState } } },
              b: {
                entry: [noteState, sends(({ self }: Args) => self, { type: 'ON' })],
                on: { ON: { target: 'c', actions: noteState } },
              },
              c: { entry: noteState, on: { GO: 'a' } },
            },
          },
          implementations as never,
        ),
      script: [send('GO'), send('GO')],
      last: { context: { seen: ['a', 'a', 'b', 'b'] } },
    },
    [`${what} may keep a reference to itself, and send to it`]: {
      machine: () => remembersItself(implementations),
      script: [send('KEEP'), send('GO'), send('GO')],
      last: { context: { me: { xstate$$type: 1, id: '1' }, n: 2 } },
    },
  });

  behaviours({
    [`${what} may send to itself while a step is computed`]: {
      machine: () =>
        chart(
          {
            context: { log: [] },
            on: {
              GO: {
                actions: [
                  sends(({ self }: Args) => self, { type: 'ASKED' }),
                  assign(({ self }: Args) => {
                    self.send({ type: 'FIRST' });
                    self.send({ type: 'SECOND' });
                    return {};
                  }) as object,
                  raises({ type: 'RAISED' }),
                ],
              },
              '*': {
                actions: assign(({ context, event }: Args) => ({
                  log: [...context.log, event.type],
                })) as object,
              },
            },
          },
          implementations as never,
        ),
      script: [send('GO')],
      last: { context: { log: ['RAISED', 'FIRST', 'SECOND', 'ASKED'] } },
    },
    [`an action of ${what} may send by the reference that the context keeps`]: {
      machine: () =>
        chart(
          {
            context: ({ self }) => ({ me: self, n: 0 }),
            on: {
              GO: { actions: ({ context }) => context.me.send({ type: 'GOT' }) },
              GOT: { actions: bump('n') },
            },
          },
          implementations as never,
        ),
      script: [send('GO'), send('GO')],
      last: { context: { n: 2 } },
    },
  });

  behaviours({
    [`an action of ${what} may send what has the machine send to itself`]: {
      machine: () =>
        chart(
          {
            context: { log: [] },
            on: {
              GO: { actions: ({ self }: Args) => self.send({ type: 'NEXT' }) },
              NEXT: {
                actions: assign(({ context, self }: Args) => {
                  self.send({ type: 'LAST' });
                  return { log: [...context.log, 'NEXT'] };
                }) as object,
              },
              LAST: {
                actions: assign(({ context }: Args) => ({ log: [...context.log, 'LAST'] })) as object,
              },
            },
          },
          implementations as never,
        ),
      script: [send('GO'), send('GO')],
      last: { context: { log: ['NEXT', 'LAST', 'NEXT', 'LAST'] } },
    },
  });

  test(`an action of ${what} reads of the reference that the context keeps its own actor, also after it has sent`, async () => {
    const seen: unknown[] = [];
    const look = ({ me }: Args['context']) => seen.push([me.id, me.getSnapshot().context.n]);
    const machine = chart(
      {
        context: ({ self }) => ({ me: self, n: 0 }),
        on: {
          GO: {
            actions: [
              bump('n'),
              ({ context }: Args) => {
                look(context);
                context.me.send({ type: 'GOT' });
                seen.push(context.me.id);
              },
            ],
          },
          GOT: { actions: bump('n') },
        },
      },
      implementations as never,
    );
    const host = new AskedHost(new Map([['thing', hostedMachine(machine)]]));
    await Promise.all([host.start('thing/1'), host.start('thing/2')]);

    // Both are decided before what either asks for is carried out.
    await Promise.all([host.send('thing/1', 'GO', {}), host.send('thing/2', 'GO', {})]);

    expect(seen).toEqual([['1', 1], '1', ['2', 1], '2']);
    expect(host.failedEffects).toEqual([]);
  });

  test(`${what} that keeps a reference to itself is not taken for another one`, async () => {
    const host = new AskedHost(new Map([['thing', hostedMachine(remembersItself(implementations), 1)]]));
    await host.send('thing/1', 'KEEP', {});
    await host.send('thing/2', 'KEEP', {});
    const meOf = async (address: string) =>
      ((await host.snapshot(address)).context as { me: { id: string } }).me.id;

    const live = [await meOf('thing/1'), await meOf('thing/2')];
    await host.passivate();

    expect(live).toEqual(['1', '2']);
    expect([await meOf('thing/1'), await meOf('thing/2')]).toEqual(live);
  });
}

test('the reference that a context keeps does not tell of another actor once the action is over', async () => {
  const kept: { readonly id: string; getSnapshot(): unknown }[] = [];
  const machine = chart({
    context: ({ self }) => ({ me: self }),
    on: { GO: { actions: ({ context }: Args) => kept.push(context.me) } },
  });
  const host = new AskedHost(new Map([['thing', hostedMachine(machine)]]));
  await host.send('thing/1', 'GO', {});
  await host.send('thing/2', 'GO', {});

  const [me] = kept;
  expect(me?.id).toBe('');
  expect(() => me?.getSnapshot()).toThrow();
});
