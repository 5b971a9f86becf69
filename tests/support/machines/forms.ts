import { assign } from 'xstate';
import { bump, emits, keep, put } from '../statechart-actions.ts';
import { chart } from '../statechart-chart.ts';
import { advance, send } from '../statechart-step.ts';
import type { Example } from './example.ts';

/** A form of several steps that one may leave and come back to. */
export const wizard: Example = {
  machine: () =>
    chart(
      {
        initial: 'filling',
        context: { name: '', plan: '', help: 0 },
        states: {
          filling: {
            initial: 'name',
            states: {
              name: { on: { NEXT: { guard: 'isFilled', target: 'plan', actions: keep('name') } } },
              plan: { on: { NEXT: { target: 'review', actions: keep('plan') }, BACK: 'name' } },
              review: { on: { SUBMIT: 'done', BACK: 'plan' } },
              done: { type: 'final', output: ({ context }) => ({ name: context.name, plan: context.plan }) },
              hist: { type: 'history' },
            },
            on: { HELP: 'helping' },
            onDone: { target: 'sent', actions: keep('sent', 'output') },
          },
          helping: { entry: bump('help'), on: { CLOSE: 'filling.hist' } },
          sent: { type: 'final' },
        },
        output: ({ context }) => context.sent,
      },
      { guards: { isFilled: ({ event }) => event.name !== '' } },
    ),
  script: [
    send('NEXT', { name: '' }),
    send('NEXT', { name: 'ann' }),
    send('HELP'),
    send('CLOSE'),
    send('NEXT', { plan: 'free' }),
    send('BACK'),
    send('NEXT', { plan: 'pro' }),
    send('HELP'),
    send('CLOSE'),
    send('SUBMIT'),
  ],
};

/** Playing, volume and screen each for themselves. */
export const mediaPlayer: Example = {
  machine: () =>
    chart({
      type: 'parallel',
      context: { volume: 5, title: '' },
      states: {
        playback: {
          initial: 'stopped',
          on: { LOAD: { target: '.buffering', actions: keep('title') } },
          states: {
            stopped: {},
            buffering: { tags: 'busy', after: { 300: 'playing' } },
            playing: { tags: 'audible', on: { PAUSE: 'paused', ENDED: 'stopped' } },
            paused: { on: { PLAY: 'playing' } },
          },
        },
        volume: {
          initial: 'normal',
          states: {
            normal: {
              on: {
                MUTE: 'muted',
                UP: { guard: ({ context }) => context.volume < 7, actions: bump('volume') },
              },
            },
            muted: { on: { MUTE: 'normal', UP: 'normal' } },
          },
        },
        screen: {
          initial: 'small',
          states: { small: { on: { FULL: 'full' } }, full: { on: { ESC: 'small' } } },
        },
      },
    }),
  script: [
    send('LOAD', { title: 'a' }),
    send('MUTE'),
    send('FULL'),
    advance(300),
    send('UP'),
    send('UP'),
    send('UP'),
    send('UP'),
    send('PAUSE'),
    send('ESC'),
    send('PLAY'),
    send('ENDED'),
  ],
};

type Mark = 'x' | 'o' | null;
const lines = [
  [0, 1, 2],
  [3, 4, 5],
  [6, 7, 8],
  [0, 3, 6],
  [1, 4, 7],
  [2, 5, 8],
  [0, 4, 8],
  [2, 4, 6],
] as const;
const hasWon = (board: readonly Mark[], mark: Mark): boolean =>
  lines.some((line) => line.every((cell) => board[cell] === mark));

/** Two players in turn. */
export const ticTacToe: Example = {
  machine: () =>
    chart(
      {
        initial: 'playing',
        context: { board: Array(9).fill(null), turn: 'x', winner: null },
        states: {
          playing: {
            always: [
              {
                guard: 'isWon',
                target: 'over',
                actions: assign({ winner: ({ context }) => (context['turn'] === 'x' ? 'o' : 'x') }),
              },
              { guard: ({ context }) => !context.board.includes(null), target: 'over' },
            ],
            on: {
              PLAY: {
                guard: 'isFree',
                actions: [
                  assign({
                    board: ({ context, event }) => context['board'].with(event['cell'], context['turn']),
                    turn: ({ context }) => (context['turn'] === 'x' ? 'o' : 'x'),
                  }),
                  emits(({ event }) => ({ type: 'played', cell: event.cell })),
                ],
              },
            },
          },
          over: {
            on: {
              AGAIN: { target: 'playing', actions: [put('board', Array(9).fill(null)), put('winner', null)] },
            },
          },
        },
      },
      {
        guards: {
          isFree: ({ context, event }) => context.board[event.cell] === null,
          isWon: ({ context }) => hasWon(context.board, 'x') || hasWon(context.board, 'o'),
        },
      },
    ),
  script: [
    ...[0, 1, 3, 3, 4, 6].map((cell) => send('PLAY', { cell })),
    send('PLAY', { cell: 8 }),
    send('AGAIN'),
    send('PLAY', { cell: 4 }),
  ],
};
