import type { WorkDescription } from '../../../actors/steps/asked.ts';
import { messageOf } from '../../errors/message-of.ts';
import { encode } from '../../protocol/codec.ts';
import { describe } from '../../protocol/names.ts';
import { invalidOption, isRecord } from '../../protocol/options.ts';
import { happens, oneOf, weighted } from './choice.ts';
import { Dictionary, withHabits } from './dictionary.ts';
import { type Drawn, example, fixed } from './drawn.ts';
import { acceptedOf, refusedOf, sourceOfEvent } from './event-source.ts';
import { type FastCheck, type Random, randomOf } from './fast-check.ts';
import { heardEvent } from './heard-event.ts';
import { Hints } from './hinted-random.ts';
import { holdsDate } from './leaves.ts';
import type { Model, WorkOutcomes } from './model.ts';
import type { ModelActor } from './model-actor.ts';
import {
  drawnPartOf,
  type EventStep,
  kindOf,
  type ModelStep,
  nameOf,
  withDrawnPart,
  workEnds,
} from './model-step.ts';
import type { Mood } from './mood.ts';
import { hasJsonSchema, ValueSampler } from './payload-source.ts';
import type { Properties } from './properties.ts';
import { toSource } from './to-source.ts';
import type { GivenInput } from './trial.ts';

/** A step to try, and the value in it that was drawn. */
export interface Proposal {
  readonly step: ModelStep;
  readonly drawn?: Drawn;
}

/** One kind of step that a state may take. */
interface Candidate {
  readonly name: string;
  readonly weight: number;
  /** A step of the kind, or `undefined` if no value was found that the machine's guards let through. */
  readonly propose: (random: Random, habit?: number) => Proposal | undefined;
  /** The same, whatever guards say of it. */
  readonly draw?: (random: Random) => Proposal;
}

/** How often another value is drawn for an event that a guard refuses. */
const drawsMax = 8;
/** How often a value that cannot be exchanged is drawn from numbers that are known. */
const hintedRate = 0.45;
/** How many values of an event are tried before its state counts as one in which it never comes. */
const rareDraws = 10_000;
/** How many examples of a list are all tried. */
const examplesMax = 100;
/** Of how many payloads one has to be such that it can be kept. */
const unkeepableMax = 20;
/** How often a state has to refuse every type of event before it counts as stuck. */
const stuckDraws = 40;

/** Finds what can happen next. */
export class Moves {
  readonly #fc: FastCheck;
  readonly #model: Model;
  readonly dictionary: Dictionary;
  /** Work that was under way and of which nothing is ever heard, by the names of its logic. */
  readonly silentWork = new Set<string>();
  readonly #hints = new Hints();
  /** What was found of states in which nothing that was tried at first can happen. */
  readonly #stuck = new Map<string | Error, boolean>();
  /** How many payloads of an event could not be kept; `undefined` once one can. */
  readonly #unkeepable = new Map<string, number | undefined>();
  readonly #samplers = new Map<string, ValueSampler>();

  constructor(fc: FastCheck, model: Model, properties: Properties) {
    this.#fc = fc;
    this.#model = model;
    this.dictionary = new Dictionary(model.machine, properties, fc);
  }

  /** A step that the state is likely to accept; `undefined` if none was found. Ends are put off. */
  next(actor: ModelActor, random: Random, { likes, habit, isUntried }: Mood): Proposal | undefined {
    let candidates = this.#candidates(actor);
    let last: Proposal | undefined;
    while (candidates.length > 0) {
      const chosen = weighted(random, candidates, ({ name, weight }) => weight * likes(name));
      const proposal = chosen.propose(random, habit);
      if (proposal !== undefined) {
        if (!this.#ends(actor, proposal.step) || isUntried?.(chosen.name) || happens(random, 0.03))
          return proposal;
        last ??= proposal;
      }
      candidates = candidates.filter((candidate) => candidate !== chosen);
    }
    return last;
  }

  /** A step that the state is not likely to accept, of any type of event. */
  stray(actor: ModelActor, random: Random): Proposal | undefined {
    const isPossible = (type: string) => this.#weightOf(type) > 0 && actor.mayCome({ type });
    const types = this.#model.eventTypes.filter(isPossible);
    return types.length === 0 ? undefined : this.#event(actor, oneOf(random, types), random);
  }

  /**
   * Steps of every kind that the state may take, several values of each, or all that are listed; to look around from a
   * state. Of the values that the machine names, those are tried that lead along another transition. Of timers, the next one
   * rings, or any.
   */
  all(actor: ModelActor, random: Random, values: number, ringing: 'next' | 'any' = 'next'): Proposal[] {
    return this.#candidates(actor, ringing).flatMap(({ propose, draw }) => {
      const proposals = new Map<string, Proposal>();
      for (let turn = 0; turn < values; turn++) {
        const proposal = propose(random);
        if (proposal !== undefined) proposals.set(toSource(proposal.step), proposal);
      }
      const ways = new Set([...proposals.values()].map(({ step }) => this.#wayOf(actor, step)));
      const drawn = draw?.(random);
      const listed = values > 1 ? this.#listed(actor, drawn ?? [...proposals.values()][0]) : [];
      for (const proposal of listed) proposals.set(toSource(proposal.step), proposal);
      for (const proposal of this.#alternatives(actor, drawn)) {
        const way = this.#wayOf(actor, proposal.step);
        if (ways.has(way)) continue;
        ways.add(way);
        proposals.set(toSource(proposal.step), proposal);
      }
      return [...proposals.values()];
    });
  }

  /** A step or two of every kind that the state may take, the same ones each time. */
  one(actor: ModelActor): Proposal[] {
    return this.all(actor, randomOf(this.#fc, 1), 1);
  }

  /** Whether nothing can happen, as far as many tries tell. */
  isStuck(actor: ModelActor, random: Random): boolean {
    if (actor.snapshot.status !== 'active' || actor.timers.length > 0 || actor.work.length > 0) return false;
    return !this.all(actor, random, stuckDraws).some(
      ({ step }) => actor.fork().take(step).outcome === 'accepted',
    );
  }

  /** The same step with each of the examples that its source lists. */
  *#listed(actor: ModelActor, proposal: Proposal | undefined): Generator<Proposal> {
    const { examples = [] } = proposal?.drawn ?? {};
    for (const value of examples.slice(0, examplesMax)) {
      const step = withDrawnPart((proposal as Proposal).step, value);
      if (step.type === undefined || actor.can(step)) yield { step, drawn: example(examples, value) };
    }
  }

  /** Of events that none of the steps is, although the state names them: one step of each that is let through after many tries, which may take long. */
  *rare(actor: ModelActor, random: Random, proposals: readonly Proposal[]): Generator<void, Proposal[]> {
    const rare: Proposal[] = [];
    for (const type of this.refused(actor, proposals)) {
      for (let draw = 1, isFound = false; draw <= rareDraws && !isFound; draw++) {
        const proposal = this.#event(actor, type, random);
        isFound = actor.can(proposal.step as { type: string });
        if (isFound) rare.push(proposal);
        else if (draw % 100 === 0) yield;
      }
    }
    return rare;
  }

  /** Of events that a state names, those that none of the steps is, although other values might be let through. */
  refused(actor: ModelActor, proposals: readonly Proposal[]): string[] {
    return refusedOf(this.#model, actor, proposals);
  }

  /** The same after so many tries that what is missed is one value in thousands. */
  *isStuckForGood(actor: ModelActor): Generator<void, boolean> {
    const known = this.#stuck.get(actor.text);
    const isStuck = known ?? (yield* this.rare(actor, randomOf(this.#fc, 1), [])).length === 0;
    this.#stuck.set(actor.text, isStuck);
    return isStuck;
  }

  *#alternatives(actor: ModelActor, proposal: Proposal | undefined): Generator<Proposal> {
    if (proposal?.drawn === undefined) return;
    for (const drawn of this.dictionary.alternatives(proposal.drawn, actor.snapshot)) {
      const step = withDrawnPart(proposal.step, drawn.value);
      if (step.type === undefined || actor.can(step)) yield { step, drawn };
    }
  }

  /** Along which transitions an event leads first. */
  #wayOf({ snapshot }: ModelActor, step: ModelStep): string {
    if (!('type' in step)) return toSource(step);
    try {
      const { machine, definition } = this.#model;
      const heard = heardEvent(definition, step as EventStep);
      if (heard === undefined) return 'refused';
      return machine
        .getTransitionData(snapshot, heard as never)
        .map(({ source, eventType, target, guard }) => {
          const own = source.transitions.get(eventType) ?? [];
          return `${source.id} ${eventType} ${own.findIndex((each) => each.guard === guard && each.target === target)}`;
        })
        .join();
    } catch {
      return 'throws';
    }
  }

  #candidates(actor: ModelActor, ringing: 'next' | 'any' = 'next'): Candidate[] {
    if (actor.snapshot.status !== 'active') return [];
    return [
      ...this.#events(actor),
      ...this.#commands(actor),
      ...this.#timers(actor, ringing),
      ...actor.work.flatMap((work) => this.#outcomes(actor, work)),
    ].filter(({ weight }) => weight > 0);
  }

  #weightOf(name: string): number {
    return this.#model.options.weights?.[name] ?? 1;
  }

  #events(actor: ModelActor): Candidate[] {
    return acceptedOf(this.#model, actor).map((type) => ({
      name: type,
      weight: this.#weightOf(type),
      propose: (random, habit) => {
        for (let draw = 0; draw < drawsMax; draw++) {
          const proposal = this.#event(actor, type, random, draw === 0 ? habit : 0);
          if (actor.can(proposal.step as { type: string })) return proposal;
        }
        return undefined;
      },
      draw: (random) => this.#event(actor, type, random),
    }));
  }

  #event(actor: ModelActor, type: string, random: Random, habit?: number): Proposal {
    const source = sourceOfEvent(this.#model, type);
    if (source === undefined) return { step: { type } };
    const drawn = this.#habitual(this.#payload(type, source, actor, random), { type }, actor, random, habit);
    return { step: { ...(drawn.value as object), type }, drawn };
  }

  #payload(type: string, source: unknown, actor: ModelActor, random: Random): Drawn {
    const drawn = this.#draw(`events.${type}`, source, actor, random);
    const { value } = drawn;
    // Spread into an event, anything else would vanish.
    if (value === undefined || (isRecord(value) && !(value instanceof Promise))) {
      this.#refuseUnkeepable(type, value);
      return drawn;
    }
    throw invalidOption(
      `"events.${type}" must give objects such as { amount: 1 }, which become the event with its type; got ${value instanceof Promise ? 'a promise' : describe(value)}. ` +
        'In an arbitrary: fc.record({ amount: fc.nat() }).',
    );
  }

  /** An event none of whose first payloads can be kept is refused in every state, and a test of it would ask nothing. */
  #refuseUnkeepable(type: string, payload: unknown): void {
    const lost = this.#unkeepable.has(type) ? this.#unkeepable.get(type) : 0;
    // What a schema makes of it is looked at by the step.
    if (lost === undefined || this.#model.definition.events[type] !== undefined) return;
    try {
      encode(payload, 'payload');
      this.#unkeepable.set(type, undefined);
    } catch (error) {
      this.#unkeepable.set(type, lost + 1);
      if (lost + 1 < unkeepableMax) return;
      throw invalidOption(`"events.${type}" gives nothing that could be sent: ${messageOf(error)}`);
    }
  }

  /** Commands that no input can be drawn for. */
  get untriedCommands(): string[] {
    return Object.keys(this.#model.definition.commands as object).filter(
      (command) => this.#inputOf(command) === undefined,
    );
  }

  #inputOf(command: string): unknown {
    const { input } =
      (this.#model.definition.commands as Record<string, { readonly input?: unknown }>)[command] ?? {};
    return this.#model.options.commands?.[command] ?? (hasJsonSchema(input) ? input : undefined);
  }

  #commands(actor: ModelActor): Candidate[] {
    return Object.keys(this.#model.definition.commands as object).flatMap((command) => {
      const source = this.#inputOf(command);
      if (source === undefined) return [];
      const propose = (random: Random, habit?: number): Proposal => {
        const fresh = this.#draw(`commands.${command}`, source, actor, random);
        const drawn = this.#habitual(fresh, { command }, actor, random, habit);
        return { step: { command, input: drawn.value }, drawn };
      };
      return [{ name: command, weight: this.#weightOf(command), propose, draw: propose }];
    });
  }

  /** Time goes on to the next timer. Of those that are due at once, each may be the first. */
  #timers({ timers }: ModelActor, ringing: 'next' | 'any'): Candidate[] {
    const due = timers.filter(({ dueMs }) => ringing === 'any' || dueMs === timers[0]?.dueMs);
    return due.map(({ label, setBy }) => {
      const isAmbiguous = timers.filter((other) => other.label === label).length > 1;
      const step = isAmbiguous ? { timer: label, actor: setBy } : { timer: label };
      return { name: label, weight: this.#weightOf(label), propose: () => ({ step }) };
    });
  }

  /** Notes the work under way that the model has no outcomes for. */
  noteSilent({ work }: ModelActor): void {
    for (const each of work) if (this.#outcomesName(each) === undefined) this.silentWork.add(each.src);
  }

  /** What the model calls work by for which it has outcomes. */
  #outcomesName({ src, id }: WorkDescription): string | undefined {
    return [src, id].find((each) => Object.hasOwn(this.#model.options.outcomes ?? {}, each));
  }

  #outcomes(actor: ModelActor, work: WorkDescription): Candidate[] {
    const { src, id, actor: path } = work;
    const name = this.#outcomesName(work);
    if (name === undefined) return [];
    const given = this.#model.options.outcomes?.[name] as WorkOutcomes<never>;
    const isAmbiguous = actor.work.filter((other) => other.src === src || other.id === id).length > 1;
    return workEnds.flatMap((end) => {
      const source = given[end];
      if (source === undefined) return [];
      const propose = (random: Random): Proposal => {
        const drawn = this.#draw(`outcomes.${name}.${end}`, source, actor, random);
        const step = { work: name, ...(isAmbiguous ? { actor: path } : {}), [end]: drawn.value };
        return { step: step as ModelStep, drawn };
      };
      return [{ name: `${name}.${end}`, weight: this.#weightOf(name), propose }];
    });
  }

  #draw(what: string, source: unknown, actor: ModelActor, random: Random): Drawn {
    let sampler = this.#samplers.get(what);
    if (sampler === undefined) {
      sampler = new ValueSampler(this.#fc, what, source);
      this.#samplers.set(what, sampler);
    }
    const { snapshot, past } = actor;
    const drawn = sampler.draw(random, snapshot, past);
    // What can be exchanged is exchanged; what was mapped, and dates, are drawn again with hints.
    if (drawn.replaced(drawn.value) !== undefined && !holdsDate(drawn.value))
      return this.dictionary.enrich(drawn, random, snapshot);
    if (!happens(random, hintedRate)) return drawn;
    const hinted = this.#hints.random(random, this.dictionary.numbers(snapshot));
    return sampler.draw(hinted, snapshot, past, false);
  }

  /** The same with values of the last step of its kind. */
  #habitual(drawn: Drawn, like: ModelStep, { past }: ModelActor, random: Random, habit = 0): Drawn {
    if (habit === 0) return drawn;
    const last = past.findLast((step) => kindOf(step) === kindOf(like) && nameOf(step) === nameOf(like));
    return last === undefined ? drawn : withHabits(drawn, drawnPartOf(last), random, habit);
  }

  /** An input for the machine, or none. */
  input(random: Random): GivenInput | undefined {
    const source = this.#model.options.input;
    if (source === undefined) return undefined;
    const sampler = new ValueSampler(this.#fc, 'input', source);
    const drawn = sampler.draw(random, undefined as never, []);
    return { input: drawn.value, drawn };
  }

  /** Inputs for the machine: several values, or all that are listed; none where it has none. */
  inputs(random: Random, values: number): (GivenInput | undefined)[] {
    const first = this.input(random);
    if (first === undefined) return [undefined];
    const { examples } = first.drawn;
    const others = examples
      ?.slice(0, examplesMax)
      .map((value) => ({ input: value, drawn: example(examples, value) }));
    const drawn = others ?? Array.from({ length: values - 1 }, () => this.input(random) as GivenInput);
    return [...new Map([first, ...drawn].map((each) => [toSource(each.input), each])).values()];
  }

  /** Whether an event leads to the end of the machine, as far as its chart tells. */
  #ends(actor: ModelActor, step: ModelStep): boolean {
    if (!('type' in step)) return false;
    const { machine, definition } = this.#model;
    try {
      const heard = heardEvent(definition, step as EventStep);
      if (heard === undefined) return false;
      return machine
        .getTransitionData(actor.snapshot, heard as never)
        .some(({ target = [] }) =>
          target.some((node) => node.type === 'final' && node.parent === machine.root),
        );
    } catch {
      return false;
    }
  }
}

/** A proposal with nothing in it that could be smaller, such as one that is read from a test. */
export function proposalOf(step: ModelStep): Proposal {
  return { step, drawn: fixed(undefined) };
}
