import { type Asked, askedNothing } from '../../../actors/steps/asked.ts';
import type { MachineSnapshot } from '../../../actors/xstate-adapter.ts';
import { isHoldfastError } from '../../errors/holdfast-error.ts';
import { messageOf } from '../../errors/message-of.ts';
import { firstDifference } from '../../protocol/first-difference.ts';
import { answerOf } from './answer.ts';
import { othersMayBeLetThrough, patternsUntried, payloadsMissing, refusedOf } from './event-source.ts';
import type { Model } from './model.ts';
import { ModelActor, type Taken } from './model-actor.ts';
import { type ModelStep, nameOf } from './model-step.ts';
import { type Moment, pendingOf } from './moment.ts';
import { type Oracle, oracles, type Properties, type Violation } from './properties.ts';
import { toSource } from './to-source.ts';

/** What came of a step, and what it violates. */
export interface Checked {
  readonly taken: Taken;
  readonly violation?: Violation;
}

/** Has steps happen to an actor and asks every property. */
export class Checks {
  readonly #model: Model;
  readonly properties: Properties;
  readonly #oracles: ReadonlySet<Oracle>;

  constructor(model: Model, properties: Properties) {
    this.#model = model;
    this.properties = properties;
    this.#oracles = new Set(properties.oracles ?? oracles);
  }

  asks(oracle: Oracle): boolean {
    return this.#oracles.has(oracle);
  }

  /** The same of one property only: what is tried over and over again need not ask the others. */
  only({ kind, name }: Violation): Checks {
    const { invariants = {}, steps = {}, traces = {} } = this.properties;
    const one = <T>(all: Readonly<Record<string, T>>, isMeant: boolean): Record<string, T> =>
      isMeant && name in all ? { [name]: all[name] as T } : {};
    return new Checks(this.#model, {
      invariants: one(invariants, kind === 'invariant'),
      steps: one(steps, kind === 'step'),
      traces: one(traces, kind === 'trace'),
      oracles: kind === 'oracle' ? [name as Oracle] : [],
    });
  }

  /** What the state that an actor begins in violates. */
  begun(actor: ModelActor): Violation | undefined {
    return this.#unkeepable(actor) ?? this.#invariants(actor);
  }

  /** Has a step happen. */
  step(actor: ModelActor, step: ModelStep): Checked {
    if (!actor.mayCome(step)) return { taken: { outcome: 'impossible' } };
    const before = actor.mark();
    const twin = this.#twinOf(before);
    if (twin instanceof ModelActor && twin.text !== before.text) {
      return { taken: { outcome: 'impossible' }, violation: differs(before, twin) };
    }
    const taken = actor.take(step);
    if (taken.outcome === 'impossible') return { taken };
    // Noted at once, before the next guard is asked.
    void actor.contextText;
    const violation =
      this.#threw(before, actor, step, taken) ??
      this.#changed(before, actor, step, taken) ??
      this.#repeated(before, twin, actor, step, taken) ??
      this.#unkeepable(actor) ??
      this.#rules(before.snapshot, step, actor, taken);
    return violation === undefined ? { taken } : { taken, violation };
  }

  /** What the journal of an actor violates; `cut` is a mark from on the way. */
  replay(actor: ModelActor, cut?: ModelActor): Violation | undefined {
    if (!this.asks('replay')) return undefined;
    try {
      const why = differenceOf(actor.replayed(), actor);
      if (why !== undefined) return oracle('replay', `Replayed from its journal, ${why}.`);
      const copy = cut?.restored();
      if (cut === undefined || copy === undefined) return undefined;
      const version = cut.journal.length;
      const whyCut = differenceOf(actor.replayed({ copy, version }), actor);
      if (whyCut === undefined) return undefined;
      return oracle('replay', `Restored at version ${version} and replayed from there, ${whyCut}.`);
    } catch (error) {
      return oracle('replay', `Its journal could not be replayed: ${messageOf(error)}`, error);
    }
  }

  /** What a run as a whole violates. */
  trace(moments: readonly Moment[]): Violation | undefined {
    for (const [name, trace] of Object.entries(this.properties.traces ?? {})) {
      const failure = failureOf(() => trace(moments as never));
      if (failure !== undefined) return { kind: 'trace', name, ...failure };
    }
    return undefined;
  }

  /** Says that nothing can happen in a state. */
  stuck(actor: ModelActor): Violation | undefined {
    if (!this.asks('no-deadlock') || this.#model.options.mayEnd?.(actor.snapshot as never) === true)
      return undefined;
    const state = JSON.stringify(actor.snapshot.value);
    return oracle(
      'no-deadlock',
      `Nothing can happen in ${state}: no event that was tried is accepted, no timer and no work is pending. If that is an ` +
        "end, make it a final state (type: 'final'), or name it with mayEnd." +
        payloadsMissing(this.#model, actor) +
        patternsUntried(this.#model, actor) +
        othersMayBeLetThrough(refusedOf(this.#model, actor, [])),
    );
  }

  #twinOf(before: ModelActor): ModelActor | undefined {
    if (!this.asks('deterministic') && !this.asks('round-trip')) return undefined;
    return before.restored(this.#model.drawsFromEvents ? 0 : 1);
  }

  #threw(before: ModelActor, actor: ModelActor, step: ModelStep, taken: Taken): Violation | undefined {
    if (taken.outcome === 'threw') {
      const cause: unknown = taken.error.cause ?? taken.error;
      const name = isHoldfastError(cause, 'HOLDFAST_ERR_PAYLOAD_INVALID') ? 'round-trip' : 'no-throw';
      const why = name === 'no-throw' ? 'The machine threw' : 'The state cannot be kept';
      return this.asks(name)
        ? oracle(name, `${why} on ${nameOf(step)}: ${messageOf(cause)}`, cause)
        : undefined;
    }
    if (!this.asks('no-throw')) return undefined;
    const { status, error } = actor.snapshot;
    if (status !== 'error' || before.snapshot.status === 'error') return undefined;
    return oracle(
      'no-throw',
      `The machine ended in status "error" on ${nameOf(step)}: ${messageOf(error)}`,
      error,
    );
  }

  #changed(
    before: ModelActor,
    actor: ModelActor,
    step: ModelStep,
    { outcome }: Taken,
  ): Violation | undefined {
    if (outcome === 'refused' && this.asks('unhandled-is-noop')) {
      const why = textDifference(actor.textNow(), before.text);
      if (why !== undefined)
        return oracle('unhandled-is-noop', `${nameOf(step)} is not accepted, and yet ${why}.`);
    }
    if (!this.asks('immutable')) return undefined;
    const why = textDifference(actor.contextTextOf(before.snapshot), before.contextText, 'context');
    if (why === undefined) return undefined;
    return oracle(
      'immutable',
      `${nameOf(step)}, or a guard that was asked before it, changed the state in place: ${why}.`,
    );
  }

  #repeated(
    before: ModelActor,
    twin: ModelActor | undefined,
    actor: ModelActor,
    step: ModelStep,
    taken: Taken,
  ): Violation | undefined {
    if (twin === undefined) return undefined;
    const why = differenceOf(twin, actor, twin.take(step), taken);
    if (why === undefined) return undefined;
    const [restored, another] = [before.restored(0), before.restored(0)] as [ModelActor, ModelActor];
    const [first, second] = [restored.take(step), another.take(step)];
    const agrees = differenceOf(restored, another, first, second) === undefined;
    const isRestoringToBlame = agrees && differenceOf(restored, actor, first, taken) !== undefined;
    const name = isRestoringToBlame ? 'round-trip' : 'deterministic';
    if (!this.asks(name)) return undefined;
    if (isRestoringToBlame)
      return oracle(name, `Restored before ${nameOf(step)}, it goes on differently: ${why}.`);
    const hint = this.#model.drawsFromEvents
      ? ''
      : ' If it asks for the time or for chance: in an aggregate both come from the event, and are the same in a replay. ' +
        'Test it as defineAggregate(kind, { machine }).';
    return oracle(name, `${nameOf(step)} does not lead to the same each time: ${why}.${hint}`);
  }

  #unkeepable(actor: ModelActor): Violation | undefined {
    const { text } = actor;
    if (!this.asks('round-trip') || !(text instanceof Error) || actor.snapshot.status === 'error')
      return undefined;
    return oracle('round-trip', `The state cannot be kept: ${text.message}`, text);
  }

  #rules(before: MachineSnapshot, step: ModelStep, actor: ModelActor, taken: Taken): Violation | undefined {
    if (taken.outcome !== 'accepted') return undefined;
    const { snapshot } = actor;
    const pending = pendingOf(actor);
    for (const [name, rule] of Object.entries(this.properties.steps ?? {})) {
      const failure = failureOf(() => rule(before as never, step as never, snapshot as never, pending));
      if (failure !== undefined) return { kind: 'step', name, ...failure };
    }
    return this.#invariants(actor);
  }

  #invariants(actor: ModelActor): Violation | undefined {
    const { snapshot } = actor;
    const pending = pendingOf(actor);
    for (const [name, invariant] of Object.entries(this.properties.invariants ?? {})) {
      const failure = failureOf(() => invariant(snapshot as never, pending));
      if (failure !== undefined) return { kind: 'invariant', name, ...failure };
    }
    return undefined;
  }
}

function oracle(name: Oracle, why: string, cause?: unknown): Violation {
  return { kind: 'oracle', name, why, ...(cause === undefined ? {} : { cause }) };
}

function failureOf(check: () => unknown): { why: string; cause?: unknown } | undefined {
  try {
    return answerOf(check) === false ? { why: 'It returned false.' } : undefined;
  } catch (cause) {
    return { why: messageOf(cause), cause };
  }
}

function differs(before: ModelActor, restored: ModelActor): Violation {
  const why = textDifference(restored.text, before.text);
  return oracle('round-trip', `What is restored is not what was kept: ${why ?? 'its text differs'}.`);
}

/** In what two actors differ, and what a step has led to. */
function differenceOf(
  actor: ModelActor,
  expected: ModelActor,
  ...taken: [] | [Taken, Taken]
): string | undefined {
  const [mine, theirs] = taken;
  if (mine !== undefined && mine.outcome !== theirs?.outcome)
    return `it is ${mine.outcome} instead of ${theirs?.outcome}`;
  const difference = textDifference(actor.text, expected.text);
  if (difference !== undefined) return difference;
  const [asked, expectedAsked] = [summaryOf(mine), summaryOf(theirs)];
  return asked === expectedAsked ? undefined : `it asks for ${asked} instead of ${expectedAsked}`;
}

function textDifference(actual: string | Error, expected: string | Error, root = ''): string | undefined {
  if (actual === expected) return undefined;
  if (actual instanceof Error || expected instanceof Error)
    return actual instanceof Error ? actual.message : 'it could not be kept before';
  const path = firstDifference(JSON.parse(actual), JSON.parse(expected), root);
  // The order of keys is part of the text, and of no meaning.
  return path;
}

/** What a step has asked for, as text; names that XState draws are left out. */
function summaryOf(taken: Taken | undefined): string {
  const { effects, timers, messages }: Asked = taken?.outcome === 'accepted' ? taken.asked : askedNothing;
  return toSource([
    ...effects.map((effect) => (effect.kind === 'action' ? effect.type : effect.kind)),
    ...timers.map((timer) =>
      timer.change === 'set' ? { delayMs: timer.delayMs, event: timer.event } : { change: timer.change },
    ),
    ...messages,
  ]);
}
