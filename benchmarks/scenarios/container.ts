import { type Contender, ratio, type Scenario } from '../scenario.ts';

const bindings = 100;
const limitMs = 0.3;

const build = (subject: string): Contender => ({
  name: subject,
  program: 'container-build.mjs',
  task: { size: bindings, subject },
});

const ours = ['holdfast, object', 'holdfast, builder'] as const;
const theirs = ['awilix', 'brandi', 'typed-inject'] as const;

export const container: Scenario = {
  name: 'container',
  title: 'A container of 100 lazy services',
  note:
    'The first one in a fresh process, with cold code: 100 services that are bound and not made, of which every fourth needs ' +
    'the one before. `importMs` is the import of the library before that, `firstGetMs` the first service after it, with its ' +
    'dependency. Each is the first of its kind in its process, so that whatever else the machine does weighs heavily: `min` is near to ' +
    'what an idle one does.',
  rounds: 15,
  contenders: [...ours, ...theirs, 'a map by hand'].map(build),
  budgets: [
    ...ours.map((name) => ({
      what: name,
      unit: 'ms',
      figure: (value: (contender: string) => number) => value(name),
      atMost: limitMs,
    })),
    ...theirs.map((name) => ratio(ours[0], name, { atMost: 1 })),
  ],
};
