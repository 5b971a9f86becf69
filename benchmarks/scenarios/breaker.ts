import { type Budget, type Contender, over, type Scenario } from '../scenario.ts';

const bare = 'bare';
const limitNs = 1_000;

const calls = (subject: string, size = 1_000_000): Contender => ({
  name: subject,
  program: 'breaker-calls.ts',
  task: { size, subject },
});
const rejected = (subject: string): Contender => calls(`${subject}: open`, 100_000);

const ours = ['holdfast, consecutive', 'holdfast, count window', 'holdfast, time window'] as const;
const [consecutive, count, time] = ours;
const theirs = ['cockatiel, consecutive', 'cockatiel, count window', 'cockatiel, time window', 'opossum'];
const pairs = [
  [consecutive, 'cockatiel, consecutive', 1.5],
  [count, 'cockatiel, count window', 1.5],
  [time, 'cockatiel, time window', 1.5],
  [time, 'opossum', 1],
] as const;

/** How the overheads over a bare call compare, as a ratio. */
function overheads(our: string, their: string, atMost: number): Budget {
  const overhead = (value: (contender: string) => number, name: string) => value(name) - value(bare);
  return {
    what: `overhead of ${our} / of ${their}`,
    unit: '',
    figure: (value) => overhead(value, our) / overhead(value, their),
    atMost,
  };
}

export const breaker: Scenario = {
  name: 'breaker',
  title: 'Calls through a circuit breaker',
  note:
    'The value is the median over batches of 1,000 calls of an async function that does nothing, each awaited before the ' +
    'next. Each circuit breaker has its defaults, but for the rule by which it opens; opossum has a window of time and no ' +
    'time-out. `open`: the call is rejected, with the error that this makes. `offline`: the call is queued.',
  rounds: 7,
  contenders: [
    calls(bare),
    ...[...ours, ...theirs].map((subject) => calls(subject)),
    ...[consecutive, 'cockatiel, consecutive', 'opossum'].map(rejected),
    calls('holdfast, offline', 100_000),
  ],
  budgets: [
    ...ours.map((each) => over(each, bare, 'ns', limitNs)),
    ...pairs.map(([our, their, atMost]) => overheads(our, their, atMost)),
  ],
};
