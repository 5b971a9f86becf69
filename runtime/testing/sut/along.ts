import type { MachineSnapshot } from '../../../actors/xstate-adapter.ts';
import { isHoldfastError } from '../../errors/holdfast-error.ts';
import { messageOf } from '../../errors/message-of.ts';
import type { Model } from '../model/model.ts';
import { ModelActor, type Taken } from '../model/model-actor.ts';
import {
  type FaultStep,
  kindOf,
  type ModelStep,
  type TimerStep,
  type WorkStep,
} from '../model/model-step.ts';
import { type Moment, momentOf } from '../model/moment.ts';
import type { Proposal } from '../model/moves.ts';
import { type PendingTimer, timerMeant } from '../model/pending-timers.ts';
import type { Violation } from '../model/properties.ts';
import type { Scenario, Trial } from '../model/trial.ts';
import { differenceFrom, disagreement } from './difference.ts';
import type { Outcome, SystemInstance, SystemUnderTest } from './system-under-test.ts';

/** Timers that may come of one another at one moment before that counts as an endless loop. */
const timersAtOnceMax = 100;

/** A step of the model, what its journal had before and after it, and the work that it tells of. */
interface Expected {
  readonly step: ModelStep;
  readonly before: number;
  readonly after: number;
  readonly workKey: string | undefined;
}

/**
 * Leads a model and a system along the same scenario, and compares them after each step. The system goes first: the model
 * takes time and chance from the ids that it has given its events. Timers come when the clock of the model has come to
 * them, in order: those that are due before the one that a step names come before it.
 *
 * @throws what the system cannot begin with.
 */
export async function goAlong(
  model: Model,
  system: SystemUnderTest,
  { given, proposals }: Scenario,
  { id, signal }: { readonly id: string; readonly signal: AbortSignal | undefined },
): Promise<Trial> {
  const instance = await system.begin({ id, model, given, nowMs: 0 });
  try {
    return await new Along(model, instance, id, signal).run(given, proposals);
  } finally {
    await instance.end?.();
  }
}

/** Nothing more can be compared: no difference, and the end all the same. */
const endless = Symbol('endless');
type Verdict = Violation | typeof endless | undefined;

class Along {
  readonly #model: Model;
  readonly #instance: SystemInstance;
  readonly #id: string;
  readonly #signal: AbortSignal | undefined;
  readonly #eventIds: (string | undefined)[] = [];
  readonly #moments: Moment[] = [];
  readonly #proposals: Proposal[] = [];
  #actor: ModelActor | undefined;
  #begunIn: MachineSnapshot | undefined;
  /** Faults that strike with the next step, and whether its acknowledgement is not waited for. */
  #amid: FaultStep[] = [];
  #isDelayed = false;
  #taken = 0;

  constructor(model: Model, instance: SystemInstance, id: string, signal: AbortSignal | undefined) {
    this.#model = model;
    this.#instance = instance;
    this.#id = id;
    this.#signal = signal;
  }

  async run(given: Scenario['given'], proposals: readonly Proposal[]): Promise<Trial> {
    let violation = await this.#guarded(() => this.#begin(given));
    const begin = this.#actor?.snapshot;
    this.#begunIn = begin;
    for (let index = 0; index < proposals.length && violation === undefined; ) {
      this.#signal?.throwIfAborted();
      const next = this.#nextOf(proposals, index);
      index += next.length;
      const noted = this.#moments.length;
      violation = await this.#guarded(() => this.#take(next));
      // The step that nothing came of is the one to show.
      if (violation !== undefined && this.#moments.length === noted)
        for (const proposal of next) this.#note(proposal, 'threw');
    }
    return {
      actor: this.#actor,
      begin,
      moments: this.#moments,
      proposals: this.#proposals,
      violation: violation === endless ? undefined : violation,
      isAmbiguous: false,
    };
  }

  /** One step, or two that are sent one after the other without waiting in between. */
  #nextOf(proposals: readonly Proposal[], index: number): Proposal[] {
    const [first, second] = proposals.slice(index, index + 2) as [Proposal, Proposal | undefined];
    const isPair = this.#isDelayed && second !== undefined && isSent(first.step) && isSent(second.step);
    if (isSent(first.step)) this.#isDelayed = false;
    return isPair && this.#amid.length === 0 ? [first, second] : [first];
  }

  get #beside(): ModelActor {
    return this.#actor as ModelActor;
  }

  async #begin(given: Scenario['given']): Promise<Verdict> {
    const from = await this.#look();
    const as = { id: this.#id, eventIdAt: (place: number) => this.#eventIds[place], eventMs: 0 };
    this.#actor = ModelActor.begin(this.#model, given, 0, as);
    const isDue = this.#dueNow(this.#actor) !== undefined;
    return isDue ? this.#turn([]) : differenceFrom(from.observed, this.#actor, from.place);
  }

  #take(next: readonly Proposal[]): Promise<Verdict> {
    const [{ step }] = next as [Proposal];
    switch (kindOf(step)) {
      case 'fault':
        return this.#fail(next[0] as Proposal);
      case 'timer':
        return this.#comeTo(step as TimerStep);
      default:
        return this.#go(next);
    }
  }

  async #go(proposals: readonly Proposal[]): Promise<Verdict> {
    const atMs = this.#beside.nowMs + 1;
    const violation = await this.#letComeDue(atMs);
    if (violation !== undefined) return violation;
    // Not a moment more: what would be due then and is not yet would race with the step.
    this.#beside.moveClock(atMs - this.#beside.nowMs);
    const [first, second] = proposals as [Proposal, Proposal | undefined];
    if (second === undefined || !this.#comesAtOnce(first)) return this.#turn(proposals);
    return (await this.#turn([first])) ?? this.#turn([second]);
  }

  /** Whether a step sets a timer that is due with it: another step would come before or after that, as it happens. */
  #comesAtOnce({ step }: Proposal): boolean {
    const copy = this.#beside.fork();
    copy.take(step);
    return this.#dueNow(copy) !== undefined;
  }

  /** Time goes on to a timer. */
  async #comeTo(step: TimerStep): Promise<Verdict> {
    const timer = timerMeant(this.#beside.timers, step);
    return timer === undefined ? undefined : this.#letComeDue(timer.dueMs);
  }

  /** Everything happens that is due until a moment of the model's clock, one moment after the other. */
  async #letComeDue(untilMs: number): Promise<Verdict> {
    for (let round = 0; round < timersAtOnceMax; round++) {
      const dueMs = this.#beside.timers[0]?.dueMs ?? Number.POSITIVE_INFINITY;
      if (dueMs > untilMs) return undefined;
      this.#beside.moveClock(Math.max(0, dueMs - this.#beside.nowMs));
      const violation = await this.#turn([]);
      if (violation !== undefined) return violation;
    }
    return endless;
  }

  async #fail(proposal: Proposal): Promise<Verdict> {
    const fault = proposal.step as FaultStep;
    this.#note(proposal, 'accepted');
    if (fault.fault === 'delay') {
      this.#isDelayed = true;
      return undefined;
    }
    if (fault.amidMs !== undefined) {
      this.#amid.push(fault);
      return undefined;
    }
    if (fault.fault === 'clock-jump') this.#beside.moveClock(fault.byMs ?? 0);
    await this.#instance.fault?.(fault, this.#beside.nowMs);
    return this.#turn([]);
  }

  /** Steps that happen at this moment, and the timers that are due then: first in the system, and then in the model. */
  async #turn(proposals: readonly Proposal[]): Promise<Verdict> {
    const { steps, timers } = this.#expect(proposals.map(({ step }) => step));
    // Timers without an end: where the system is in them cannot be known.
    if (timers.length >= timersAtOnceMax) return endless;
    const taking = steps.map((expected) => this.#hand(expected));
    const outcomes = await Promise.all(taking);
    const [first, last] = [timers[0], timers.at(-1)];
    const due =
      first === undefined || last === undefined
        ? undefined
        : await this.#hand({ ...first, after: last.after });
    const { observed, place } = await this.#look();
    let violation: Violation | undefined;
    for (const [index, { step }] of steps.entries()) {
      const proposal = proposals.find((each) => each.step === step) as Proposal;
      const { outcome } = this.#goOn(proposal);
      violation ??= outcomeDifference(step, outcome, outcomes[index] as Outcome);
    }
    for (const _ of timers) {
      const timer = this.#dueNow(this.#beside);
      if (timer !== undefined) this.#goOn({ step: stepOf(timer, this.#beside.timers) });
    }
    return violation ?? differenceFrom(observed, this.#beside, place) ?? whyNot(due);
  }

  /** What the model will do, found out with a copy of it. */
  #expect(wanted: readonly ModelStep[]): { steps: Expected[]; timers: Expected[] } {
    const copy = this.#beside.fork();
    const expect = (step: ModelStep): Expected[] => {
      const before = copy.journal.length;
      const workKey = kindOf(step) === 'work' ? workOf(copy, step as WorkStep)?.key : undefined;
      if (copy.take(step).outcome === 'impossible') return [];
      return [{ step, before, after: copy.journal.length, workKey }];
    };
    const steps = wanted.flatMap(expect);
    const timers: Expected[] = [];
    for (let timer = this.#dueNow(copy); timer !== undefined; timer = this.#dueNow(copy)) {
      if (timers.length >= timersAtOnceMax) break;
      timers.push(...expect(stepOf(timer, copy.timers)));
    }
    return { steps, timers };
  }

  #dueNow(actor: ModelActor): PendingTimer | undefined {
    const [next] = actor.timers;
    return next !== undefined && next.dueMs <= this.#beside.nowMs ? next : undefined;
  }

  #hand({ step, before, after, workKey }: Expected): Promise<Outcome> {
    const faults = this.#amid;
    this.#amid = [];
    const key = `${this.#id} ${++this.#taken}`;
    const { nowMs } = this.#beside;
    return this.#instance.take(step, { key, nowMs, version: { before, after }, workKey, faults });
  }

  #goOn(proposal: Proposal): Taken {
    const taken = this.#beside.take(proposal.step);
    if (taken.outcome !== 'impossible') this.#note(proposal, taken.outcome);
    return taken;
  }

  #note(proposal: Proposal, outcome: Moment['outcome']): void {
    this.#proposals.push(proposal);
    const before = (this.#moments.at(-1)?.after ?? this.#begunIn) as MachineSnapshot;
    this.#moments.push(momentOf(before, proposal.step, outcome, this.#beside));
  }

  async #look() {
    const observed = await this.#instance.observe();
    const place = this.#eventIds.length;
    for (const { id } of observed.journal ?? []) this.#eventIds.push(id);
    return { observed, place };
  }

  /** What the system, or the model with it, rejects with is a difference; a wrong option is not. */
  async #guarded(step: () => Promise<Verdict>): Promise<Verdict> {
    try {
      return await step();
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (isHoldfastError(error, 'HOLDFAST_ERR_OPTION_INVALID')) throw error;
      return disagreement('outcome', `It failed: ${messageOf(error)}`, error);
    }
  }
}

function isSent(step: ModelStep): boolean {
  return ['event', 'command'].includes(kindOf(step));
}

function stepOf({ label, setBy }: PendingTimer, all: readonly PendingTimer[]): TimerStep {
  const isAmbiguous = all.filter((other) => other.label === label).length > 1;
  return isAmbiguous ? { timer: label, actor: setBy } : { timer: label };
}

function workOf(actor: ModelActor, step: WorkStep) {
  return actor.work.find(
    ({ src, id, actor: path }) =>
      (src === step.work || id === step.work) && (step.actor === undefined || path === step.actor),
  );
}

function outcomeDifference(
  step: ModelStep,
  inModel: Taken['outcome'],
  { accepted, why }: Outcome,
): Violation | undefined {
  if (!isSent(step)) return whyNot({ accepted, ...(why === undefined ? {} : { why }) });
  if (accepted === (inModel === 'accepted')) return undefined;
  const said = accepted
    ? 'The system accepted it, and the model did not.'
    : `The model accepted it, and the system did not: ${why ?? 'it did not say why'}`;
  return disagreement('outcome', said);
}

/** A timer or the outcome of work that did not come to what it should have. */
function whyNot(outcome: Outcome | undefined): Violation | undefined {
  if (outcome === undefined || outcome.accepted) return undefined;
  return disagreement('outcome', `The system did not take it: ${outcome.why ?? 'it did not say why'}`);
}
