import { createMachine } from 'xstate';

/** Two rooms that are both as they were left when one comes home, however deep that goes. */
export const house = createMachine({
  id: 'house',
  initial: 'home',
  states: {
    home: {
      type: 'parallel',
      states: {
        kitchen: {
          initial: 'cold',
          states: {
            cold: { on: { COOK: 'hot' } },
            hot: { initial: 'low', states: { low: { on: { COOK: 'high' } }, high: {} } },
          },
        },
        study: { initial: 'dark', states: { dark: { on: { READ: 'lit' } }, lit: {} } },
        before: { type: 'history', history: 'deep' },
      },
      on: { LEAVE: 'away' },
    },
    away: { on: { RETURN: 'home.before' } },
  },
});
