import type { Instance } from '../../../actors/definitions/hosted-definition.ts';
import { validate } from '../../../actors/definitions/validate.ts';
import { decide } from '../../../actors/host/decide.ts';
import type { Deciding, Decision } from '../../../actors/host/decision.ts';
import type { NewEntry } from '../../../actors/journal.ts';
import type { Asked, WorkDescription } from '../../../actors/steps/asked.ts';
import { contextToKeep, type PersistedSnapshot, persist } from '../../../actors/steps/bare-machine.ts';
import { referencesIn } from '../../../actors/steps/references-in.ts';
import { withSortedHistory } from '../../../actors/steps/sorted-history.ts';
import type { MachineEvent, MachineSnapshot } from '../../../actors/xstate-adapter.ts';
import { isHoldfastError } from '../../errors/holdfast-error.ts';
import { decode, encode } from '../../protocol/codec.ts';
import type { Delivery } from '../../protocol/delivery.ts';
import type { HostOperation, HostRequest } from '../../protocol/host-messages.ts';
import { invalidOption } from '../../protocol/options.ts';
import type { ActorPath } from '../../protocol/timer.ts';
import { heardEvent } from './heard-event.ts';
import { inputMissing } from './input-missing.ts';
import type { Model } from './model.ts';
import { modelEventId } from './model-event-id.ts';
import {
  type CommandStep,
  type EventStep,
  endOf,
  kindOf,
  type ModelStep,
  type TimerStep,
  type WorkStep,
} from './model-step.ts';
import { changedTimers, type PendingTimer, timerMeant } from './pending-timers.ts';

/**
 * What a step has led to. `refused`: the machine or a command did not take it, and nothing has changed; `impossible`:
 * there is no such timer or work now; `threw`: the machine failed on it.
 */
export type Taken =
  | { readonly outcome: 'accepted'; readonly events: readonly NewEntry[]; readonly asked: Asked }
  | { readonly outcome: 'refused' | 'threw'; readonly error: Error }
  | { readonly outcome: 'impossible' };

/** Who an actor is, if it goes along with one of a real system. */
export interface Likeness {
  readonly id: string;
  /** The id that the real one has given the event at a place of its journal, which time and chance come from. */
  readonly eventIdAt: (place: number) => string | undefined;
  /** What an event takes of its time, in milliseconds. */
  readonly eventMs: number;
}

/** An actor of its own. An event takes a moment, so that two of them do not happen at once. */
const nobody: Likeness = { id: 'test', eventIdAt: () => undefined, eventMs: 1 };

const nothingAsked: Asked = { effects: [], timers: [], messages: [] };

/**
 * One actor under test. Its steps are decided by the code that a host decides them with; what they ask for (timers, work)
 * is kept here and happens only as steps, and what else they would do does not happen.
 */
export class ModelActor {
  readonly #model: Model;
  readonly #address: string;
  /** Sets time and chance of this actor's steps apart from those of a twin. */
  readonly #salt: number;
  readonly #as: Likeness;
  #instance: Instance;
  #journal: readonly NewEntry[] = [];
  #timers: readonly PendingTimer[] = [];
  #nowMs = 0;
  #past: readonly ModelStep[] = [];
  /** Whether a step that threw may have left a tree half way. */
  #isTorn = false;
  #text: string | Error | undefined;
  #contextText: string | Error | undefined;
  /** Known of a marked actor, whose tree goes on. */
  #isRestorable: boolean | undefined;

  private constructor(model: Model, instance: Instance, salt: number, as: Likeness) {
    this.#model = model;
    this.#instance = instance;
    this.#salt = salt;
    this.#as = as;
    this.#address = `${model.definition.kind}/${as.id}`;
  }

  /** An actor that has started with an input. Throws HOLDFAST_ERR_TRANSITION_FAILED if it cannot. */
  static begin(
    model: Model,
    given?: { readonly input: unknown },
    salt = 0,
    as: Likeness = nobody,
  ): ModelActor {
    const { id, eventIdAt } = as;
    const identity = { id, address: `${model.definition.kind}/${id}`, onInput: () => undefined };
    const instance = model.hosted.beginOrFail(identity, eventIdAt(0) ?? modelEventId(0, 0, salt));
    const actor = new ModelActor(model, instance, salt, as);
    try {
      actor.#adopt(actor.#decide('start', '', given === undefined ? '' : encode(given.input), null));
    } catch (error) {
      throw inputMissing(model, given, error);
    }
    return actor;
  }

  get snapshot(): MachineSnapshot {
    return this.#instance.snapshot;
  }

  /** Everything that has become durable, in order. */
  get journal(): readonly NewEntry[] {
    return this.#journal;
  }

  /** The delayed events that have not come, the next one first. */
  get timers(): readonly PendingTimer[] {
    return this.#timers;
  }

  /** The steps that were accepted, in order. */
  get past(): readonly ModelStep[] {
    return this.#past;
  }

  /** Milliseconds since it began. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** The work that is under way. */
  get work(): WorkDescription[] {
    return this.#instance.tree?.activeWork() ?? [];
  }

  /** What would be kept of the state, or why it cannot be kept. Equal texts are equal states. */
  get text(): string | Error {
    this.#text ??= this.#encoded();
    return this.#text;
  }

  /** The context of the root as text; computed at once after a step, before anybody may have changed it in place. */
  get contextText(): string | Error {
    this.#contextText ??= this.contextTextOf(this.snapshot);
    return this.#contextText;
  }

  /** The context of a state of this actor as text. */
  contextTextOf(snapshot: MachineSnapshot): string | Error {
    return attempt(() => encode(contextToKeep(snapshot, this.#as.id)));
  }

  /** The same as {@link text}, computed again: another text than {@link text} means that the state was changed in place. */
  textNow(): string | Error {
    return this.#encoded();
  }

  /** A note of this moment: it can be restored later, and its {@link snapshot} is still that of now. */
  mark(): ModelActor {
    const marked = this.#with(this.#instance, this.#salt);
    marked.#text = this.text;
    marked.#contextText = this.contextText;
    marked.#isRestorable = this.#canBeRestored();
    return marked;
  }

  /** What was persisted, restored: the same actor after a restart. `undefined` where a host would replay instead. */
  restored(salt = this.#salt): ModelActor | undefined {
    const { text } = this;
    if (text instanceof Error || !(this.#isRestorable ?? this.#canBeRestored())) return undefined;
    const instance = this.#model.hosted.revive(decode(text) as PersistedSnapshot, this.#identity());
    return this.#with(instance, salt);
  }

  #canBeRestored(): boolean {
    const { hosted } = this.#model;
    return this.snapshot.status === 'active' && hosted.encode(this.#instance, this.#address) !== undefined;
  }

  /** The same actor, replayed from its journal; `from` is a place in it to go on from with a restored copy. */
  replayed(from?: { readonly copy: ModelActor; readonly version: number }): ModelActor {
    const after = from?.version ?? 0;
    const entries = this.#journal.slice(after);
    const { hosted } = this.#model;
    const identity = this.#identity();
    const start =
      from !== undefined ? from.copy.#instance : hosted.beginReplay(identity, this.#journal[0]?.id);
    const instance = hosted.fold(start, identity, {
      types: entries.map(({ type }) => type),
      data: entries.map(({ payload }) => payload),
      versionAt: (index) => after + index + 1,
      seedAt: (index) => entries[index]?.id,
    });
    return this.#with(instance, this.#salt);
  }

  /** An actor of its own in the same state, for trying what one more step would do. */
  fork(): ModelActor {
    if (this.#instance.tree === undefined) return this.#with(this.#instance, this.#salt);
    return this.restored() ?? this.replayed();
  }

  /** Whether schema and guards let an event through; what they throw counts as yes, for the step to show. */
  can(event: MachineEvent): boolean {
    try {
      const heard = heardEvent(this.#model.definition, event);
      return heard !== undefined && this.snapshot.can(heard as never);
    } catch {
      return true;
    }
  }

  /** Whether the model has a step happen now: an event may be one that cannot come. */
  mayCome(step: ModelStep): boolean {
    if (kindOf(step) !== 'event') return true;
    const when = this.#model.options.when as
      | Readonly<Record<string, (snapshot: MachineSnapshot, past: readonly ModelStep[]) => boolean>>
      | undefined;
    const { type } = step as EventStep;
    const mayCome: unknown = when?.[type]?.(this.snapshot, this.#past) ?? true;
    if (mayCome instanceof Promise)
      throw invalidOption(`"when.${type}" returned a promise, and it has to answer at once.`);
    return mayCome as boolean;
  }

  /** Time passes, or the clock is set: no timer comes of it by itself. */
  moveClock(byMs: number): void {
    this.#nowMs += byMs;
  }

  /** Has a step happen. */
  take(step: ModelStep): Taken {
    if (this.#isTorn) this.#mend();
    try {
      const taken = this.#takeOrThrow(step);
      if (taken.outcome === 'accepted') this.#past = [...this.#past, step];
      return taken;
    } catch (error) {
      this.#isTorn = this.#instance.tree !== undefined;
      const hasThrown = isHoldfastError(error, 'HOLDFAST_ERR_TRANSITION_FAILED') || !isHoldfastError(error);
      return { outcome: hasThrown ? 'threw' : 'refused', error: error as Error };
    }
  }

  #takeOrThrow(step: ModelStep): Taken {
    switch (kindOf(step)) {
      case 'event':
        return this.#send(step as EventStep);
      case 'command':
        return this.#execute(step as CommandStep);
      case 'timer':
        return this.#fire(step as TimerStep);
      case 'fault':
        return { outcome: 'impossible' };
      default:
        return this.#hear(step as WorkStep);
    }
  }

  #send({ type, ...payload }: EventStep): Taken {
    const schema = this.#model.definition.events[type];
    const checked: unknown = schema === undefined ? payload : validate(schema, payload, type);
    return this.#adopt(this.#decide('send', type, encode(checked), null));
  }

  #execute({ command, input }: CommandStep): Taken {
    const commands = this.#model.definition.commands as Record<string, unknown>;
    const schema = (commands[command] as { input?: Parameters<typeof validate>[0] } | undefined)?.input;
    const checked: unknown = schema === undefined ? input : validate(schema, input, `${command}.input`);
    return this.#adopt(this.#decide('execute', command, encode(checked), null));
  }

  #fire(step: TimerStep): Taken {
    const timer = timerMeant(this.#timers, step);
    if (timer === undefined) return { outcome: 'impossible' };
    const { name, setBy, to, event, dueMs } = timer;
    this.#nowMs = Math.max(this.#nowMs, dueMs);
    this.#timers = this.#timers.filter((each) => each !== timer);
    // To another actor: it leaves, and this one stays as it is.
    if ('address' in to) return { outcome: 'accepted', events: [], asked: messageTo(to.address, event) };
    const { type, ...payload } = event;
    const taken = this.#adopt(this.#decide('deliver', type, encode(payload), delivery(to.actor)));
    if (taken.outcome === 'accepted' && taken.events.length === 0) {
      const error = new Error(
        `The timer "${name}" of ${setBy || 'the machine'} came, and its event was not accepted.`,
      );
      return { outcome: 'refused', error };
    }
    return taken;
  }

  #hear(step: WorkStep): Taken {
    const work = this.work.find(
      ({ src, id, actor }) =>
        (src === step.work || id === step.work) && (step.actor === undefined || actor === step.actor),
    );
    if (work === undefined) return { outcome: 'impossible' };
    switch (endOf(step)) {
      case 'done':
        return this.#tell(work, 'holdfast.work.done', { output: step.done });
      case 'error':
        return this.#tell(work, 'holdfast.work.failed', { error: step.error });
      case 'next':
        return this.#tell(work, 'holdfast.work.next', { value: step.next });
      default: {
        const { type, ...payload } = step.send as MachineEvent;
        const ids = JSON.parse(work.actor) as string[];
        const parent = ids.length > 1 ? JSON.stringify(ids.slice(0, -1)) : '';
        return this.#adopt(this.#decide('deliver', type, encode(payload), delivery(parent)));
      }
    }
  }

  #tell({ actor, key }: WorkDescription, name: string, payload: object): Taken {
    return this.#adopt(this.#decide('deliver', name, encode(payload), delivery(actor, key)));
  }

  #decide(operation: HostOperation, name: string, payload: string, from: Delivery | null): Decision {
    let made = 0;
    const newId = () => {
      const place = this.#journal.length + made++;
      const what = `${this.#journal.at(-1)?.id ?? ''} ${name} ${payload}`;
      return this.#as.eventIdAt(place) ?? modelEventId(this.#nowMs, place, this.#salt, what);
    };
    const request: HostRequest = {
      id: 1,
      operation,
      address: this.#address,
      name,
      payload,
      metadata: null,
      expectedVersion: null,
      idempotencyKey: null,
      fingerprint: '',
      delivery: from,
    };
    return decide(this.#deciding(), request, newId);
  }

  #deciding(): Deciding {
    const { snapshot, tree } = this.#instance;
    const tip = { snapshot, version: this.#journal.length, head: this.#journal.at(-1)?.id ?? '' };
    return { ...this.#identity(), hosted: this.#model.hosted, tree, tip };
  }

  #identity() {
    return { id: this.#as.id, address: this.#address, onInput: () => undefined };
  }

  #adopt({ events, snapshot, asked, tree }: Decision): Taken {
    this.#instance = { snapshot, tree };
    this.#journal = [...this.#journal, ...events];
    this.#text = undefined;
    this.#contextText = undefined;
    for (const timer of asked.timers) this.#timers = changedTimers(this.#timers, timer, this.#nowMs);
    if (snapshot.status !== 'active') this.#timers = [];
    this.#nowMs += this.#as.eventMs;
    return { outcome: 'accepted', events, asked };
  }

  /** What threw half way left a tree that is ahead of its journal. */
  #mend(): void {
    this.#instance = this.replayed().#instance;
    this.#isTorn = false;
  }

  #with(instance: Instance, salt: number): ModelActor {
    const copy = new ModelActor(this.#model, instance, salt, this.#as);
    copy.#journal = this.#journal;
    copy.#timers = this.#timers;
    copy.#nowMs = this.#nowMs;
    copy.#past = this.#past;
    return copy;
  }

  #encoded(): string | Error {
    const { tree, snapshot } = this.#instance;
    return attempt(() => {
      const persisted = tree === undefined ? persist(this.#model.machine, snapshot) : tree.persist();
      return encode(withSortedHistory(referencesIn(persisted)));
    });
  }
}

function attempt(compute: () => string): string | Error {
  try {
    return compute();
  } catch (error) {
    return error as Error;
  }
}

function delivery(actor: ActorPath, workKey: string | null = null): Delivery {
  return { consumed: null, actor, passOnTo: null, sender: null, workKey };
}

function messageTo(target: string, event: MachineEvent): Asked {
  return { ...nothingAsked, messages: [{ target, event }] };
}
