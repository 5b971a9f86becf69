import type { MachineSnapshot } from '../../../actors/xstate-adapter.ts';
import { holdfastError } from '../../errors/holdfast-error.ts';
import type { Model } from './model.ts';
import { endOf, kindOf, type ModelStep, nameOf, stepSource, type WorkStep } from './model-step.ts';
import type { Violation } from './properties.ts';
import { toSource } from './to-source.ts';
import type { Trial } from './trial.ts';

/** How a violation was found. */
export interface Finding {
  /** The function that looked for it. */
  readonly by: string;
  /** In which run; 1 is the first. */
  readonly run?: number;
  readonly seed?: number;
  /** How many steps the run had before it was shrunk. */
  readonly stepsBefore?: number;
}

const kinds = {
  invariant: 'The invariant',
  step: 'The step rule',
  trace: 'Of the run as a whole,',
  eventually: 'What can eventually come about,',
  oracle: 'The built-in property',
  sut: 'The agreement of the model and the system under test in',
} as const;

/** The error that tells of a violation: the shortest way to it, the state after each step, and how to look again. */
export function propertyFailed(
  model: Model,
  violation: Violation,
  trial: Trial,
  given: { readonly input: unknown } | undefined,
  finding: Finding,
): Error {
  const steps = trial.moments.map(({ step }) => step);
  const diagram = diagramOf(model, trial);
  const replay = replaySource(model, steps, given, violation);
  const { by, run, seed, stepsBefore } = finding;
  const found = [
    ...(run === undefined ? [] : [`found in run ${run}`]),
    ...(stepsBefore === undefined || stepsBefore === steps.length
      ? []
      : [`shrunk from ${counted(stepsBefore)}`]),
    ...(seed === undefined ? [] : [`seed ${seed}`]),
  ];
  const message = [
    `${by}: ${kinds[violation.kind]} "${violation.name}" does not hold after ${counted(steps.length)}${found.length === 0 ? '' : ` (${found.join(', ')})`}.`,
    violation.why,
    '',
    ...storyOf(trial, given),
    '',
    'As a Mermaid diagram:',
    diagram,
    '',
    'To see it again:',
    replay,
    '',
  ].join('\n');
  const states = [trial.begin, ...trial.moments.map(({ after }) => after)].map((snapshot) =>
    snapshot === undefined ? null : { value: snapshot.value, context: snapshot.context },
  );
  const details = {
    property: violation.name,
    kind: violation.kind,
    why: violation.why,
    steps,
    states,
    diagram,
    replay,
    ...(given === undefined ? {} : { input: given.input }),
    ...(run === undefined ? {} : { run }),
    ...(seed === undefined ? {} : { seed }),
  };
  return holdfastError('HOLDFAST_ERR_PROPERTY_FAILED', message, details, violation.cause);
}

function counted(steps: number): string {
  return `${steps} step${steps === 1 ? '' : 's'}`;
}

/** One line for each step, and the state after it. */
function storyOf({ begin, moments }: Trial, given: { readonly input: unknown } | undefined): string[] {
  const start = given === undefined ? '(start)' : `(start with ${short(toSource(given.input), 200)})`;
  const lines = [start, ...moments.map(({ step }, index) => `${index + 1}. ${stepSource(step)}`)];
  const states = [begin, ...moments.map(({ after }) => after)];
  const notes = ['', ...moments.map(({ outcome }) => noteOf(outcome))];
  return lines.flatMap((line, index) => [line, `     ${notes[index]}${stateOf(states[index])}`]);
}

function noteOf(outcome: string): string {
  if (outcome === 'refused') return 'not accepted, stays ';
  return outcome === 'threw' ? 'threw, stays ' : '-> ';
}

function stateOf(snapshot: MachineSnapshot | undefined): string {
  if (snapshot === undefined) return 'it did not begin';
  const { value, context, status } = snapshot;
  const hasContext = typeof context === 'object' && context !== null && Object.keys(context).length > 0;
  const ended = status === 'active' ? '' : ` ${status}`;
  return `${toSource(value)}${ended}${hasContext ? ` ${short(toSource(context), 400)}` : ''}`;
}

function short(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max)}…` : text;
}

/** What happened as a sequence diagram of Mermaid: who told the machine what, and the state after each. */
function diagramOf(model: Model, { begin, moments }: Trial): string {
  const name = model.definition.kind;
  const note = (snapshot: MachineSnapshot | undefined) =>
    `  Note over machine: ${label(snapshot === undefined ? 'none' : JSON.stringify(snapshot.value))}`;
  const others = new Set(moments.map(({ step }) => senderOf(step)));
  return [
    'sequenceDiagram',
    ...[...others].map((other) => `  participant ${idOf(other)} as ${label(other)}`),
    `  participant machine as ${label(name)}`,
    note(begin),
    ...moments.flatMap(({ step, outcome, after }) => [
      `  ${idOf(senderOf(step))}${outcome === 'accepted' ? '->>' : '--x'}machine: ${label(short(toldBy(step), 80))}`,
      note(after),
    ]),
  ].join('\n');
}

function senderOf(step: ModelStep): string {
  switch (kindOf(step)) {
    case 'timer':
      return 'time';
    case 'fault':
      return 'fault';
    case 'work':
      return nameOf(step);
    default:
      return 'test';
  }
}

function toldBy(step: ModelStep): string {
  if (kindOf(step) !== 'work') return nameOf(step);
  const end = endOf(step as WorkStep);
  return `${end} ${toSource((step as WorkStep)[end])}`;
}

/** Mermaid takes only simple names for participants. */
function idOf(name: string): string {
  return `p_${name.replaceAll(/\W/g, '_')}`;
}

/** What Mermaid would take for syntax. */
function label(text: string): string {
  return text.replaceAll(';', ',').replaceAll('#', '♯').replaceAll('\n', ' ');
}

function replaySource(
  { calledAs }: Model,
  steps: readonly ModelStep[],
  given: { readonly input: unknown } | undefined,
  { kind }: Violation,
): string {
  const list = steps.map((step) => `  ${stepSource(step)},\n`).join('');
  const input = given === undefined ? '' : `, input: ${toSource(given.input)}`;
  const sut = kind === 'sut' ? ', sut' : '';
  return `await replay(${calledAs}, [\n${list}], { ...properties${input}${sut} });`;
}
