import { isHoldfastError } from '../../runtime/errors/holdfast-error.ts';
import { encode } from '../../runtime/protocol/codec.ts';
import { isAsync } from '../../runtime/protocol/is-async.ts';
import { describe } from '../../runtime/protocol/names.ts';
import { checkOptions, invalidOption } from '../../runtime/protocol/options.ts';
import { freshContext } from '../steps/fresh-context.ts';
import { referencesIn } from '../steps/references-in.ts';
import {
  type AnyStateMachine,
  boundMicrosteps,
  createLiveActor,
  isMachine,
  isOfOldXState,
  type LiveActor,
  type StateNode,
} from '../xstate-adapter.ts';
import { actionsOf, alwaysTargetsOf, guardsOf, stateNodesOf } from './chart.ts';
import { missingImplementations } from './missing-implementations.ts';
import { deadEnds, reachableStates } from './reachable-states.ts';

/** One thing that {@link lintMachine} found. */
export interface LintProblem {
  /** An `error` keeps the machine from being hosted; a `warning` is likely a mistake. */
  readonly severity: 'error' | 'warning';
  readonly rule:
    | 'old-xstate'
    | 'undeclared-actor'
    | 'async'
    | 'endless-always'
    | 'context'
    | 'not-implemented'
    | 'unhandled-error'
    | 'unreachable-state'
    | 'dead-end';
  /** Id of the state; that of the machine for what is about all of it. */
  readonly state: string;
  /** What is wrong, and how to mend it. */
  readonly message: string;
}

/**
 * Looks for what would go wrong if a machine were hosted, without running it; machines among its actors are looked at
 * too. What a function of the machine does when it runs is not seen, such as an actor that it spawns in place.
 * `defineAggregate` takes any machine, and one with errors is refused with its first command.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID for what is no machine, or for an unknown option.
 *
 * @example
 * for (const { severity, message } of lintMachine(order)) console.log(severity, message);
 */
export function lintMachine(
  machine: AnyStateMachine,
  options: { readonly input?: unknown } = {},
): LintProblem[] {
  if (!isMachine(machine)) throw notAMachine(machine);
  checkOptions('lintMachine', options, ['input']);
  const seen = new Set<AnyStateMachine>();
  const problems = [...lintChart(machine, seen)];
  if (!problems.some(({ severity }) => severity === 'error'))
    problems.push(...lintContext(machine, options.input));
  return problems;
}

function* lintChart(machine: AnyStateMachine, seen: Set<AnyStateMachine>): Generator<LintProblem> {
  if (seen.has(machine)) return;
  seen.add(machine);
  if (isOfOldXState(machine)) {
    yield {
      severity: 'error',
      rule: 'old-xstate',
      state: machine.id,
      message:
        'It was made by another copy of XState, older than that of Holdfast: actions could run before their event is durable, ' +
        'and a loop be endless. Have one: npm install xstate@5 (npm ls xstate shows all there are).',
    };
    return;
  }
  for (const node of stateNodesOf(machine)) {
    yield* undeclaredActors(node, machine);
    yield* asyncSteps(node, machine);
    yield* unhandledErrors(node);
  }
  for (const { state, message } of missingImplementations(machine)) {
    yield { severity: 'warning', rule: 'not-implemented', state: state.id, message };
  }
  yield* endlessAlways(machine);
  yield* unreachable(machine);
  for (const logic of Object.values(machine.implementations.actors)) {
    if (isMachine(logic)) yield* lintChart(logic, seen);
  }
}

/** XState keeps a spawned actor by the name of its logic: without a name it cannot be restored. */
function* undeclaredActors(node: StateNode, machine: AnyStateMachine): Generator<LintProblem> {
  for (const action of actionsOf(node, machine)) {
    const { type, src } = action as { type?: unknown; src?: unknown };
    if (type !== 'xstate.spawnChild' || typeof src === 'string') continue;
    yield {
      severity: 'error',
      rule: 'undeclared-actor',
      state: node.id,
      message:
        `State "${node.id}" spawns an actor that is given in place and could not be restored. ` +
        'Declare its logic in setup({ actors: { name } }) and spawn it by that name.',
    };
  }
}

/** XState waits for none of these: the promise of a guard always holds, that of an assigner assigns nothing. */
function* asyncSteps(node: StateNode, machine: AnyStateMachine): Generator<LintProblem> {
  const guards = guardsOf(node, machine).some(isAsync) ? ['a guard'] : [];
  const actions = (actionsOf(node, machine) as { assignment?: unknown; collect?: unknown }[]).flatMap(
    ({ assignment, collect }) =>
      isAsync(assignment) ||
      isAsync(collect) ||
      (typeof assignment === 'object' && Object.values(assignment ?? {}).some(isAsync))
        ? ['an assign or enqueueActions']
        : [],
  );
  for (const what of new Set([...guards, ...actions])) {
    yield {
      severity: 'error',
      rule: 'async',
      state: node.id,
      message:
        `State "${node.id}" has ${what} with an async function, which nobody waits for. Make it an ordinary function, and ` +
        'invoke what takes time.',
    };
  }
}

function* unhandledErrors(node: StateNode): Generator<LintProblem> {
  for (const { id, src } of node.invoke) {
    const type = `xstate.error.actor.${id}`;
    const handles = (at: StateNode | undefined): boolean =>
      at !== undefined && (at.transitions.has(type) || at.transitions.has('*') || handles(at.parent));
    if (handles(node)) continue;
    yield {
      severity: 'warning',
      rule: 'unhandled-error',
      state: node.id,
      message:
        `State "${node.id}" invokes "${String(src)}" without onError: if that fails, the whole machine ends in status ` +
        '"error". Add onError.',
    };
  }
}

/** A cycle of transitions without event and guard never comes to rest. */
function* endlessAlways(machine: AnyStateMachine): Generator<LintProblem> {
  for (const node of stateNodesOf(machine)) {
    const path = cycleFrom(node, [node]);
    if (path === undefined) continue;
    yield {
      severity: 'error',
      rule: 'endless-always',
      state: node.id,
      message:
        `State "${node.id}" comes back to itself by \`always\` without a guard (${path.map(({ id }) => id).join(' -> ')}), ` +
        'and would never come to rest. Give one of these transitions a guard.',
    };
    return;
  }
}

function* unreachable(machine: AnyStateMachine): Generator<LintProblem> {
  const reached = reachableStates(machine);
  for (const node of stateNodesOf(machine)) {
    // One that is in a state which is not reached is not worth a line of its own.
    if (reached.has(node) || (node.parent !== undefined && !reached.has(node.parent as StateNode))) continue;
    yield {
      severity: 'warning',
      rule: 'unreachable-state',
      state: node.id,
      message: `No transition leads to state "${node.id}". Give it one, or remove it.`,
    };
  }
  for (const { id } of deadEnds(machine)) {
    yield {
      severity: 'warning',
      rule: 'dead-end',
      state: id,
      message: `Nothing leads on from state "${id}", and it is not final. Make it final (type: 'final') if the actor ends there.`,
    };
  }
}

function cycleFrom(start: StateNode, path: readonly StateNode[]): readonly StateNode[] | undefined {
  for (const target of alwaysTargetsOf(path.at(-1) as StateNode)) {
    if (target === start) return [...path, target];
    if (path.includes(target)) continue;
    const found = cycleFrom(start, [...path, target]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The context that the machine begins with, if it can be computed without more than the given input. */
function* lintContext(machine: AnyStateMachine, input: unknown): Generator<LintProblem> {
  let context: unknown;
  try {
    // It is not started: nobody is sent anything, and nothing is done.
    const { context: begun } = createLiveActor(machine, {
      id: 'lint',
      input,
      onActor: prepare,
    }).getSnapshot();
    context = referencesIn(begun);
  } catch {
    // It needs an input of its own, and says what is wrong when it gets one.
    return;
  }
  try {
    encode(context, 'context');
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    yield {
      severity: 'error',
      rule: 'context',
      state: machine.id,
      message: `The context of "${machine.id}" could not be kept: ${error.message}`,
    };
  }
}

/** As in a tree: no loop is endless, and a context that is given as an object stays as it is. */
function prepare({ logic }: LiveActor): void {
  if (!isMachine(logic)) return;
  boundMicrosteps(logic);
  freshContext(logic);
}

function notAMachine(given: unknown): Error {
  return invalidOption(
    `lintMachine takes a machine made with XState's createMachine or setup, got ${describe(given)}.`,
  );
}
