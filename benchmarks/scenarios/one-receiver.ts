import { ratio, type Scenario } from '../scenario.ts';

const commands = 'commands of a caller, 64 in flight';
const messages = 'messages of four actors';

export const oneReceiver: Scenario = {
  name: 'one-receiver',
  title: 'Many messages to one actor',
  note:
    'Four actors send 50 messages in each of their steps, all to the same one, which counts them. A message is written with the ' +
    'step that sends it and consumed by the event that it becomes. Beside it, commands that do the same to that actor: both are ' +
    'decided one after the other and committed together.',
  rounds: 3,
  contenders: [
    { name: commands, program: 'one-receiver.ts', task: { size: 10_000, inFlight: 64, subject: 'commands' } },
    { name: messages, program: 'one-receiver.ts', task: { size: 10_000, inFlight: 64, subject: 'messages' } },
  ],
  budgets: [ratio(messages, commands, { atLeast: 0 })],
};
