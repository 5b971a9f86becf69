import { expect, test } from 'vitest';
import { raises, sends } from '../support/statechart-actions.ts';
import { chart } from '../support/statechart-chart.ts';
import { runEverywhere } from '../support/statechart-run.ts';
import { advance, type ScriptStep, send } from '../support/statechart-step.ts';

type Config = Parameters<typeof chart>[0];
type Row = readonly [
  sentence: string,
  config: Config,
  script: readonly ScriptStep[],
  values: readonly unknown[],
];

/** Two regions below `p`, and a state outside. Transitions are given by the test. */
const regions = (l: object, r: object, p: object = {}): Config => ({
  initial: 'p',
  states: {
    p: {
      type: 'parallel',
      states: {
        l: { initial: 'a', states: { a: { on: l }, b: {}, c: {} } },
        r: { initial: 'a', states: { a: { on: r }, b: {}, c: {} } },
      },
      ...p,
    },
    out: { id: 'out' },
    out2: { id: 'out2' },
  },
});
const begun = { p: { l: 'a', r: 'a' } };

// What the tests of the W3C and of SCION ask of an interpreter, as far as XState has words for it.
const rows: readonly Row[] = [
  ['basic: a machine of one state is in it', { initial: 'a', states: { a: {} } }, [], ['a']],
  [
    'basic: an event leads from state to state, one after the other',
    { initial: 'a', states: { a: { on: { t: 'b' } }, b: { on: { t2: 'c' } }, c: {} } },
    [send('t'), send('t2')],
    ['a', 'b', 'c'],
  ],
  [
    'default initial state: the first of a chain of initial states down to an atomic one is entered',
    {
      initial: 'a',
      states: { a: { initial: 'b', states: { b: { initial: 'c', states: { c: {}, d: {} } } } } },
    },
    [],
    [{ a: { b: 'c' } }],
  ],
  [
    'document order: of two transitions of a state the first one is taken',
    { initial: 'a', states: { a: { on: { t: [{ target: 'b' }, { target: 'c' }] } }, b: {}, c: {} } },
    [send('t')],
    ['a', 'b'],
  ],
  [
    'hierarchy: the transition of a child comes before that of its parent',
    {
      initial: 'p',
      states: { p: { initial: 'a', on: { t: 'q' }, states: { a: { on: { t: 'b' } }, b: {} } }, q: {} },
    },
    [send('t'), send('t')],
    [{ p: 'a' }, { p: 'b' }, 'q'],
  ],
  [
    'hierarchy: the transition of a parent is taken in any child that has none',
    { initial: 'p', states: { p: { initial: 'a', on: { t: '.b' }, states: { a: {}, b: {} } } } },
    [send('t')],
    [{ p: 'a' }, { p: 'b' }],
  ],
  [
    'hierarchy and document order: the guard of a child that refuses leaves the choice to its parent, in order',
    {
      initial: 'p',
      states: {
        p: {
          initial: 'a',
          on: { t: [{ guard: () => false, target: 'q' }, { target: 'r' }] },
          states: { a: { on: { t: { guard: () => false, target: 'b' } } }, b: {} },
        },
        q: {},
        r: {},
      },
    },
    [send('t')],
    [{ p: 'a' }, 'r'],
  ],
  [
    'send: an event that is raised on a transition is taken in the state that it leads to',
    {
      initial: 'a',
      states: {
        a: { on: { t: { target: 'b', actions: raises({ type: 's' }) } } },
        b: { on: { s: 'c' } },
        c: {},
      },
    },
    [send('t')],
    ['a', 'c'],
  ],
  [
    'send: an event that is raised on entry is taken in that state',
    {
      initial: 'a',
      states: { a: { on: { t: 'b' } }, b: { entry: raises({ type: 's' }), on: { s: 'c' } }, c: {} },
    },
    [send('t')],
    ['a', 'c'],
  ],
  [
    'send: an event that is raised on exit is taken in the next state',
    {
      initial: 'a',
      states: { a: { exit: raises({ type: 's' }), on: { t: 'b' } }, b: { on: { s: 'c' } }, c: {} },
    },
    [send('t')],
    ['a', 'c'],
  ],
  [
    'send: an event that is raised and that nobody takes is dropped',
    {
      initial: 'a',
      states: {
        a: { on: { t: { target: 'b', actions: raises({ type: 's' }) } } },
        b: { on: { t: 'c' } },
        c: { on: { s: 'd' } },
        d: {},
      },
    },
    [send('t'), send('t')],
    ['a', 'b', 'c'],
  ],
  [
    'delayed send: an event comes after its delay, wherever the machine is then',
    {
      initial: 'a',
      states: {
        a: { on: { t: { target: 'b', actions: sends(({ self }) => self, { type: 's' }, { delay: 10 }) } } },
        b: { on: { s: 'c', t: 'd' } },
        c: {},
        d: { on: { s: 'e' } },
        e: {},
      },
    },
    [send('t'), advance(9), send('t'), advance(1)],
    ['a', 'b', 'b', 'd', 'e'],
  ],
  [
    'conditions: a transition is taken if its condition holds for the data of the event',
    {
      initial: 'a',
      states: { a: { on: { t: { guard: ({ event }) => event.x === 1, target: 'b' } } }, b: {} },
    },
    [send('t', { x: 2 }), send('t', { x: 1 })],
    ['a', 'a', 'b'],
  ],
  [
    'internal transitions: one to a child keeps the parent, one that reenters does not',
    {
      initial: 'p',
      context: {},
      states: {
        p: { initial: 'a', on: { in: '.b', re: { target: 'p', reenter: true } }, states: { a: {}, b: {} } },
      },
    },
    [send('in'), send('re')],
    [{ p: 'a' }, { p: 'b' }, { p: 'a' }],
  ],
  [
    'targetless transitions: one in a region does not stop the other region',
    regions({ t: {}, u: 'b' }, { t: 'b' }),
    [send('t'), send('u')],
    [begun, { p: { l: 'a', r: 'b' } }, { p: { l: 'b', r: 'b' } }],
  ],
  [
    'misc: an initial state may lie deep',
    {
      initial: 'p',
      states: { p: { initial: 'a', states: { a: { initial: 'x', states: { x: {}, y: {} } } } }, q: {} },
      on: { t: '.p.a.y' },
    },
    [send('t')],
    [{ p: { a: 'x' } }, { p: { a: 'y' } }],
  ],
  [
    'parallel: all regions take an event',
    regions({ t: 'b' }, { t: 'b' }),
    [send('t')],
    [begun, { p: { l: 'b', r: 'b' } }],
  ],
  [
    'parallel: regions take different events',
    regions({ t: 'b' }, { u: 'c' }),
    [send('u'), send('t')],
    [begun, { p: { l: 'a', r: 'c' } }, { p: { l: 'b', r: 'c' } }],
  ],
  [
    'parallel and interrupt: one region stays within, the other leads out: the first in document order wins',
    regions({ t: 'b' }, { t: '#out' }),
    [send('t'), send('t')],
    [begun, { p: { l: 'b', r: 'a' } }, 'out'],
  ],
  [
    'parallel and interrupt: a region that leads out comes before one that stays within',
    regions({ t: '#out' }, { t: 'b' }),
    [send('t')],
    [begun, 'out'],
  ],
  [
    'parallel and interrupt: two regions lead out: the first in document order wins',
    regions({ t: '#out' }, { t: '#out2' }),
    [send('t')],
    [begun, 'out'],
  ],
  [
    'parallel and interrupt: the parent leads out only if no region takes the event',
    regions({ t: 'b' }, {}, { on: { t: 'out' } }),
    [send('t'), send('t')],
    [begun, { p: { l: 'b', r: 'a' } }, 'out'],
  ],
  [
    'parallel and interrupt: a region goes on with what another raised, and that may lead out',
    regions({ t: { target: 'b', actions: raises({ type: 'u' }) } }, { u: '#out' }),
    [send('t')],
    [begun, 'out'],
  ],
  [
    'more parallel: an event that leads a region to where it is changes nothing of the others',
    regions({ t: { target: 'a', reenter: true } }, { u: 'b' }),
    [send('u'), send('t')],
    [begun, { p: { l: 'a', r: 'b' } }, { p: { l: 'a', r: 'b' } }],
  ],
  [
    'prefix matching: a wildcard takes any event',
    { initial: 'a', states: { a: { on: { '*': 'b' } }, b: { on: { 'error.*': 'c' } }, c: {} } },
    [send('anything'), send('warning.x'), send('error.x.y')],
    ['a', 'b', 'b', 'c'],
  ],
  [
    'W3C 355: without an initial event the first state is entered, and its entry is done once',
    {
      initial: 'a',
      context: {},
      states: {
        a: { entry: raises({ type: 'once' }), on: { once: 'b' } },
        b: { on: { once: 'fail' } },
        fail: {},
      },
    },
    [send('nothing')],
    ['b', 'b'],
  ],
  [
    'W3C 372: the done event of a state comes after its final state was entered',
    {
      initial: 's',
      context: { x: 1 },
      states: {
        s: {
          initial: 'f',
          states: { f: { type: 'final', entry: raises({ type: 'first' }) } },
          onDone: 'pass',
          on: { first: '.f' },
        },
        pass: {},
      },
    },
    [],
    ['pass'],
  ],
  [
    'W3C 387: history without a past leads to its default, shallow and deep',
    {
      initial: 'go',
      states: {
        go: { on: { shallow: 's.h', deep: 's.d' } },
        s: {
          initial: 'x',
          states: {
            x: { initial: 'x1', states: { x1: {}, x2: {} } },
            y: { initial: 'y1', states: { y1: {}, y2: {} } },
            h: { type: 'history', target: 'y' },
            d: { type: 'history', history: 'deep', target: 'y.y2' },
          },
          on: { back: 'go' },
        },
      },
    },
    [send('deep')],
    ['go', { s: { y: 'y2' } }],
  ],
  [
    'W3C 403: a child that has no transition for an event leaves it to its ancestors, the nearest first',
    {
      initial: 'a',
      on: { t: '.far' },
      states: {
        a: { on: { t: 'near' }, initial: 'b', states: { b: { initial: 'c', states: { c: {} } } } },
        near: {},
        far: {},
      },
    },
    [send('t')],
    [{ a: { b: 'c' } }, 'near'],
  ],
  [
    'W3C 405: the actions of a transition of each region are done in document order, after all exits',
    regions(
      { t: { target: 'b', actions: raises({ type: 'one' }) } },
      { t: { target: 'b', actions: raises({ type: 'two' }) } },
      {
        on: { one: '#out', two: '#out2' },
      },
    ),
    [send('t')],
    [begun, 'out'],
  ],
  [
    'W3C 417: a parallel state is done with the last of its regions',
    regions(
      { t: 'b' },
      { u: 'b' },
      {
        onDone: 'out',
        states: {
          l: { initial: 'a', states: { a: { on: { t: 'b' } }, b: { type: 'final' } } },
          r: { initial: 'a', states: { a: { on: { u: 'b' } }, b: { type: 'final' } } },
        },
      },
    ),
    [send('t'), send('u')],
    [begun, { p: { l: 'b', r: 'a' } }, 'out'],
  ],
  [
    'W3C 419: a transition without an event comes before those of raised events',
    {
      initial: 'a',
      states: { a: { entry: raises({ type: 'x' }), always: 'pass', on: { x: 'fail' } }, pass: {}, fail: {} },
    },
    [],
    ['pass'],
  ],
  [
    'W3C 421: raised events come before those that wait outside',
    {
      initial: 'a',
      states: {
        a: {
          on: {
            t: {
              target: 'b',
              actions: [sends(({ self }) => self, { type: 'outer' }), raises({ type: 'inner' })],
            },
          },
        },
        b: { on: { outer: 'fail', inner: 'c' } },
        c: { on: { outer: 'pass' } },
        pass: {},
        fail: {},
      },
    },
    [send('t')],
    ['a', 'pass'],
  ],
  [
    'W3C 579: history is that of the last exit, also after several rounds',
    {
      initial: 'p',
      states: {
        p: {
          initial: 'a',
          on: { out: 'q' },
          states: { a: { on: { n: 'b' } }, b: { on: { n: 'c' } }, c: {}, h: { type: 'history' } },
        },
        q: { on: { back: 'p.h' } },
      },
    },
    [send('out'), send('back'), send('n'), send('out'), send('back'), send('n'), send('out'), send('back')],
    [{ p: 'a' }, 'q', { p: 'a' }, { p: 'b' }, 'q', { p: 'b' }, { p: 'c' }, 'q', { p: 'c' }],
  ],
];

test.each(rows)('%s', async (_sentence, config, script, values) => {
  const seen = await runEverywhere(() => chart(config), script);

  expect(seen.values).toEqual(values);
});
