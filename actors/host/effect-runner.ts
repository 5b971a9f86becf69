import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import type { Cause } from '../../runtime/protocol/cause.ts';
import { giveServices, type ThreadServices } from '../../runtime/protocol/container-blueprint.ts';
import type { Delivery } from '../../runtime/protocol/delivery.ts';
import { limits } from '../../runtime/protocol/limits.ts';
import type { ActorPath } from '../../runtime/protocol/timer.ts';
import { madeEntryOf } from '../journal.ts';
import type { Effect, EffectSelf, WorkDescription } from '../steps/asked.ts';
import type { WorkEvent } from '../steps/stand-in.ts';
import type { MachineEvent } from '../xstate-adapter.ts';
import type { Resident } from './resident.ts';
import { WorkSet } from './work-set.ts';

/** Who hears what effects bring about. */
export interface EffectListener {
  /** From now on code of the user runs for this actor; `''`: for none. */
  onWorking(address: string): void;
  /** An event for an actor, to be journaled before its machine sees it. `workKey` names the work that tells it. */
  onInput(
    address: string,
    actor: ActorPath,
    event: MachineEvent,
    workKey: string | null,
    cause?: Cause | null,
    fromWork?: Delivery['fromWork'],
  ): void;
  onEmitted(address: string, event: MachineEvent): void;
  /** Told of an effect that threw after its commit. */
  onEffectFailed(address: string, type: string, error: unknown): void;
  /** Whether the work of the actor may tell it more before what it has told is kept. */
  hasRoom(address: string): boolean;
  /** Whether work that was interrupted is run again, or fails. */
  mayRunAgain(address: string): boolean;
  /** Whether work is run at all, or left as it is. */
  mayRun(address: string): boolean;
  /** What work and actions may ask. */
  readonly services?: ThreadServices | undefined;
}

/** Carries out what has become durable: actions, emitted events, and the work that actors have invoked. */
export class EffectRunner {
  readonly #listener: EffectListener;
  readonly #kept = new Map<string, WorkSet>();
  #isEnding = false;
  /** What led to the work that runs; work that was resumed after a crash has forgotten. */
  readonly #causes = new WeakMap<WorkDescription, Cause>();

  constructor(listener: EffectListener) {
    this.#listener = listener;
  }

  /** Carries out effects in order, each once at the most: a crash between the commit and here loses actions. */
  carryOut(resident: Resident, effects: readonly Effect[], cause: Cause | null = null): void {
    if (effects.length === 0) return this.dropEnded(resident);
    for (const effect of effects) {
      // Each time: what came from within an effect has noted itself meanwhile.
      this.#listener.onWorking(resident.address);
      switch (effect.kind) {
        case 'action':
          this.#act(resident, effect, cause);
          break;
        case 'emit':
          this.#emit(resident.address, effect.event);
          break;
        case 'start':
          // Beside what another runtime has under way, it is for that one, which finds it when it looks for what has changed.
          if (!resident.ownsWork) break;
          if (cause !== null) this.#causes.set(effect.work, cause);
          this.#start(resident, effect.work);
          break;
        case 'stop':
          resident.work?.stop(effect.key);
          break;
        case 'forward':
          resident.work?.forward(effect.key, effect.event);
      }
    }
    this.#listener.onWorking('');
    this.dropEnded(resident);
  }

  /**
   * After a state was read anew: stops the work that it has left, and starts what it has under way and does not run
   * here, as its definition says: again, or its failure is journaled, which also happens if it may not be run again. Work
   * of another runtime is left to that one.
   */
  resume(resident: Resident, isOwn: boolean, versionBefore: number): void {
    const hasOwned = resident.ownsWork;
    resident.ownsWork = isOwn;
    if (this.#isEnding) return;
    // What an actor without events would have under way has never been started.
    const active = resident.committed.version === 0 ? [] : (resident.tree?.activeWork() ?? []);
    resident.work?.keepOnly(new Set(active.map(({ key }) => key)));
    // Who runs a part of it has owned all of it since: what is new now was left by another runtime, and has never been begun.
    const isContinued = hasOwned && resident.work?.isEmpty === false;
    for (const work of isOwn && this.#listener.mayRun(resident.address) ? active : []) {
      if (resident.work?.has(work.key) === true) continue;
      const isLeft = isContinued && startOf(work, resident) > versionBefore;
      const isFailing = !isLeft && resident.hosted.definition.actors[work.src]?.onRestart === 'fail';
      if (isFailing || !this.#listener.mayRunAgain(resident.address)) {
        resident.work ??= this.#workSetOf(resident);
        resident.work.endsUnrun(work.key);
        const event: WorkEvent = { type: 'holdfast.work.failed', error: interrupted(resident.address, work) };
        this.#listener.onInput(resident.address, work.actor, event, work.key);
      } else {
        this.#listener.onWorking(resident.address);
        this.#start(resident, work);
        this.#listener.onWorking('');
      }
    }
    this.dropEnded(resident);
  }

  /** Aborts all work, and starts none from now on: the thread is about to end, and the next one resumes it. */
  end(residents: Iterable<Resident>): void {
    this.#isEnding = true;
    for (const resident of residents) {
      this.#listener.onWorking(resident.address);
      resident.work?.keepOnly(new Set());
    }
    this.#listener.onWorking('');
    for (const work of this.#kept.values()) work.keepOnly(new Set());
  }

  /** The end of a piece of work has been journaled, or does not matter any more. */
  ended(resident: Resident, key: string): void {
    resident.work?.stop(key);
    this.dropEnded(resident);
  }

  /** The actor is taken out of memory because it could not be read: its work goes on until it is read again. */
  keep({ address, work }: Resident): void {
    if (work !== undefined) this.#kept.set(address, work);
  }

  /** The work of an actor that is being read again. */
  takeKept(address: string): WorkSet | undefined {
    const work = this.#kept.get(address);
    this.#kept.delete(address);
    return work;
  }

  /** What a state that has ended left behind, and an empty set, are let go. */
  dropEnded(resident: Resident): void {
    if (resident.committed.snapshot.status !== 'active') resident.work?.keepOnly(new Set());
    if (resident.work?.isEmpty === true) resident.work = undefined;
  }

  #start(resident: Resident, work: WorkDescription): void {
    if (this.#isEnding || !this.#listener.mayRun(resident.address)) return;
    resident.work ??= this.#workSetOf(resident);
    try {
      resident.work.start(work);
    } catch (error) {
      const event: WorkEvent = { type: 'holdfast.work.failed', error };
      this.#listener.onInput(resident.address, work.actor, event, work.key);
    }
  }

  #workSetOf({ address }: Resident): WorkSet {
    return new WorkSet({
      told: (work, event) => {
        this.#listener.onInput(address, work.actor, event, work.key, this.#causes.get(work));
      },
      sent: (work, parent, event, isStarting) => {
        try {
          madeEntryOf(event);
        } catch (error) {
          const failed: WorkEvent = { type: 'holdfast.work.failed', error };
          return this.#listener.onInput(address, work.actor, failed, work.key);
        }
        // As in XState: what work sends while it starts waits for the end of that step, and what it sends later comes at once.
        const { actor, key } = work;
        const fromWork = isStarting ? null : { actor, key };
        this.#listener.onInput(address, parent, event, null, this.#causes.get(work), fromWork);
      },
      emitted: (event) => this.#emit(address, event),
      hasRoom: () => this.#listener.hasRoom(address),
      flooded: ({ src, key }) => tooMuch(address, src, key),
      services: this.#listener.services,
    });
  }

  /** What work emits may be anything: it is for showing, and is dropped if it cannot cross threads. */
  #emit(address: string, event: MachineEvent): void {
    try {
      this.#listener.onEmitted(address, event);
    } catch (error) {
      this.#listener.onEffectFailed(address, event.type, error);
    }
  }

  #act(resident: Resident, { type, run }: Effect & { readonly kind: 'action' }, cause: Cause | null): void {
    const failed = (error: unknown) => this.#listener.onEffectFailed(resident.address, type, error);
    try {
      const result = run(this.#selfOf(resident, cause));
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #selfOf(resident: Resident, cause: Cause | null): EffectSelf {
    const { id, address } = resident;
    const self: EffectSelf = {
      id,
      sessionId: address,
      send: (event) => this.#listener.onInput(address, '', event, null, cause),
      getSnapshot: () => resident.committed.snapshot,
    };
    const { services } = this.#listener;
    if (services !== undefined) giveServices(self, () => services);
    return self;
  }
}

/** The version that started a piece of work: its key has it behind the address. */
function startOf({ key }: WorkDescription, { address }: Resident): number {
  return Number.parseInt(key.slice(address.length + 1), 10);
}

function tooMuch(address: string, src: string, key: string): Error {
  return holdfastError(
    'HOLDFAST_ERR_MAILBOX_FULL',
    `"${src}" told ${address} more than could be kept in time, and was stopped with ${limits.actorInputsMax} events on their way. ` +
      'What it told before is kept. Let it sample, or gather values in one event.',
    { address, capacity: limits.actorInputsMax, src, idempotencyKey: key },
  );
}

function interrupted(address: string, { src, key }: WorkDescription): Error {
  return holdfastError(
    'HOLDFAST_ERR_WORK_INTERRUPTED',
    `"${src}" of ${address} was under way when its thread or process ended, and is not run again: it is declared so, or ` +
      'host threads have died of it. ' +
      'Whether it was carried out is unknown: ask whoever it was asked of, by its idempotency key.',
    { address, src, idempotencyKey: key },
  );
}
