import { assign } from 'xstate';
import { bump, does, keep, put } from '../statechart-actions.ts';
import { chart } from '../statechart-chart.ts';
import { advance, send } from '../statechart-step.ts';
import type { Example } from './example.ts';

/** A light whose red phase has a light for pedestrians within. */
export const trafficLight: Example = {
  machine: (world) =>
    chart({
      id: 'light',
      initial: 'green',
      context: { rounds: 0, requests: 0 },
      states: {
        green: {
          entry: does(world, 'cars go'),
          after: { 60000: 'yellow' },
          on: { BUTTON: { actions: bump('requests') } },
        },
        yellow: { after: { 5000: 'red' } },
        red: {
          entry: [does(world, 'cars stop'), put('requests', 0), bump('rounds')],
          initial: 'walk',
          states: {
            walk: { after: { 20000: 'flashing' } },
            flashing: { after: { 5000: 'wait' } },
            wait: { type: 'final' },
          },
          onDone: { target: 'clearing' },
        },
        clearing: { after: { 2000: 'green' } },
      },
    }),
  script: [
    send('BUTTON'),
    advance(59_999),
    send('BUTTON'),
    advance(1),
    advance(5_000),
    advance(20_000),
    advance(5_000),
    advance(2_000),
  ],
};

/** Twenty-five minutes of work, a short break, and every second time a long one. */
export const pomodoro: Example = {
  machine: () =>
    chart(
      {
        initial: 'idle',
        context: { rounds: 0, left: 0 },
        states: {
          idle: { on: { START: 'working' } },
          working: {
            tags: 'focus',
            initial: 'running',
            states: {
              running: {
                after: { workMs: { target: '#over', actions: bump('rounds') } },
                on: { PAUSE: 'paused' },
              },
              paused: { on: { RESUME: 'running' } },
            },
            on: { STOP: 'idle' },
          },
          over: {
            id: 'over',
            always: [
              { guard: ({ context }) => context.rounds % 2 === 0, target: 'longBreak' },
              { target: 'shortBreak' },
            ],
          },
          shortBreak: { after: { 300000: 'working' } },
          longBreak: { after: { 900000: 'idle' }, on: { SKIP: 'working' } },
        },
      },
      { delays: { workMs: () => 1_500_000 } },
    ),
  script: [
    send('START'),
    advance(1_000_000),
    send('PAUSE'),
    advance(9_000_000),
    send('RESUME'),
    advance(1_500_000),
    advance(300_000),
    advance(1_500_000),
    send('SKIP'),
    send('STOP'),
    advance(9_000_000),
  ],
};

/** Stops at the floors that were asked for, the nearest one first. */
export const elevator: Example = {
  machine: (world) =>
    chart({
      initial: 'idle',
      context: { floor: 0, stops: [] },
      on: {
        CALL: {
          guard: ({ context, event }) => !context.stops.includes(event.floor),
          actions: assign({
            stops: ({ context, event }) =>
              [...context['stops'], event['floor']].sort(
                (a, b) => Math.abs(a - context['floor']) - Math.abs(b - context['floor']),
              ),
          }),
        },
      },
      states: {
        idle: { always: { guard: ({ context }) => context.stops.length > 0, target: 'moving' } },
        moving: {
          after: {
            1000: {
              actions: assign({
                floor: ({ context }) => context['floor'] + Math.sign(context['stops'][0] - context['floor']),
              }),
              target: 'moving',
              reenter: true,
            },
          },
          always: { guard: ({ context }) => context.floor === context.stops[0], target: 'open' },
        },
        open: {
          entry: [
            ({ context }) => world.did(`open at ${context.floor}`),
            assign({ stops: ({ context }) => context['stops'].slice(1) }),
          ],
          after: { 3000: 'idle' },
        },
      },
    }),
  script: [
    send('CALL', { floor: 2 }),
    advance(1_000),
    send('CALL', { floor: 1 }),
    advance(3_000),
    advance(1_000),
    advance(3_000),
  ],
};

/** Blocks after three wrong codes, for a time that doubles. */
export const doorLock: Example = {
  machine: () =>
    chart(
      {
        initial: 'locked',
        context: ({ input }) => ({ code: input.code, wrong: 0, blockedMs: 1_000 }),
        states: {
          locked: {
            on: {
              ENTER: [
                { guard: 'isRight', target: 'open', actions: put('wrong', 0) },
                { guard: ({ context }) => context.wrong === 2, target: 'blocked' },
                { actions: bump('wrong') },
              ],
            },
          },
          blocked: {
            entry: put('wrong', 0),
            exit: assign({ blockedMs: ({ context }) => context['blockedMs'] * 2 }),
            after: { block: 'locked' },
          },
          open: { after: { 5000: 'locked' }, on: { LOCK: 'locked', CHANGE: { actions: keep('code') } } },
        },
      },
      {
        guards: { isRight: ({ context, event }) => event.code === context.code },
        delays: { block: ({ context }) => context.blockedMs },
      },
    ),
  input: { code: '1234' },
  script: [
    ...['1', '2', '3', '1234'].map((code) => send('ENTER', { code })),
    advance(1_000),
    send('ENTER', { code: '1234' }),
    send('CHANGE', { code: '9' }),
    advance(5_000),
    ...['1', '2', '3'].map((code) => send('ENTER', { code })),
    advance(1_999),
    advance(1),
    send('ENTER', { code: '9' }),
  ],
};
