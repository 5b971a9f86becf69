import { RunningMachine } from '../../actors/steps/running-machine.ts';
import { type SupervisedChild, supervisorMachine } from '../../machines/supervisor.machine.ts';
import { hostEscalated } from '../observability/channels.ts';
import type { DeathEvidence } from '../protocol/host-death.ts';
import type { ResolvedSupervision } from '../supervision-options.ts';

/** A host as its supervisor sees it. */
export interface SupervisedHost {
  /** May run again. */
  resume(): void;
  /** Is to end its thread, since a sibling has died. */
  endWithSibling(): void;
}

/**
 * Supervises the hosts of a runtime: gives the machine that decides its clock and its chance, and carries out what it
 * decides. Hosts are permanent children, in the order of their numbers.
 */
export class HostSupervisor {
  readonly #machine: RunningMachine<typeof supervisorMachine>;
  readonly #hosts: SupervisedHost[] = [];
  readonly #timers = new Map<number, NodeJS.Timeout>();

  constructor(options: ResolvedSupervision, hosts: number) {
    const children = Array.from({ length: hosts }, (_, host) => ({
      id: idOf(host),
      restart: 'permanent' as const,
    }));
    this.#machine = new RunningMachine(supervisorMachine, { ...options, children });
  }

  /** Hosts are added in the order of their numbers. */
  add(host: SupervisedHost): void {
    this.#hosts.push(host);
  }

  /** What was decided for a host. Times are those of `performance.now()`. */
  childOf(host: number): SupervisedChild {
    return this.#machine.context.children[host] as SupervisedChild;
  }

  /** How often a host was restarted within the period. */
  restartsOf(host: number): number {
    const since = performance.now() - this.#machine.context.periodMs;
    return this.childOf(host).restarts.filter((at) => at > since).length;
  }

  /** Whether every host is up, or none can be. */
  get standing(): 'healthy' | 'degraded' | 'failing' {
    const { state } = this.#machine;
    return typeof state === 'string' ? 'failing' : (state.supervising as 'healthy' | 'degraded' | 'failing');
  }

  /** A thread of a host has ended and is fenced. */
  died(host: number, evidence: DeathEvidence): void {
    const before = this.#machine.context.children;
    const isNormal = evidence.cause === 'exit' && evidence.figures['exitCode'] === 0;
    const [at, random] = [performance.now(), Math.random()];
    this.#machine.send({ type: 'died', child: idOf(host), at, isNormal, random });
    for (const [index, child] of this.#machine.context.children.entries()) {
      const was = before[index] as SupervisedChild;
      if (index !== host && was.until === child.until && was.state === child.state) continue;
      if (child.state === 'escalated' && was.state !== 'escalated') this.#publishEscalation(index, evidence);
      if (index !== host) this.#hosts[index]?.endWithSibling();
      if (child.state === 'backing-off') this.#schedule(index, child.until - at);
    }
  }

  /** Whether a host may have a thread now. One that has escalated gets its try by asking. */
  mayRun(host: number): boolean {
    const { state } = this.childOf(host);
    if (state === 'up' || state === 'half-open') return true;
    return this.#machine.send({ type: 'due', child: idOf(host), at: performance.now() });
  }

  /** A host that was tried has answered. */
  served(host: number): void {
    this.#machine.send({ type: 'served', child: idOf(host) });
  }

  close(): void {
    this.#machine.send({ type: 'close' });
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  /** Timers may be a moment early by the other clock. */
  #schedule(host: number, waitMs: number): void {
    clearTimeout(this.#timers.get(host));
    const timer = setTimeout(() => {
      this.#timers.delete(host);
      const { state, until } = this.childOf(host);
      // One that has escalated meanwhile gets its try only by being asked for.
      if (state !== 'backing-off') return;
      const left = until - performance.now();
      if (left > 0) return this.#schedule(host, left);
      // One that nobody needs does not ask.
      this.mayRun(host);
      this.#hosts[host]?.resume();
    }, Math.ceil(waitMs));
    // Whoever waits for the host keeps the process alive, not the supervisor.
    timer.unref();
    this.#timers.set(host, timer);
  }

  #publishEscalation(host: number, { cause, message: reason }: DeathEvidence): void {
    const retryAfterMs = this.childOf(host).until - performance.now();
    hostEscalated.publish({ host, cause, reason, restarts: this.restartsOf(host), retryAfterMs });
  }
}

function idOf(host: number): string {
  return `host ${host}`;
}
