import type {
  CircuitContext,
  CircuitEvent,
  CircuitInput,
  CircuitStateValue,
} from '../../machines/circuit-breaker.machine.ts';
import type { Replica } from './replica.ts';

/** The newest state of a circuit. */
export type CircuitReplica = Replica<CircuitStateValue, CircuitContext, CircuitEvent, CircuitInput>;

/** What a probe has found; `unknown` if it says nothing of the service. */
export type ProbeEnd = 'ok' | 'failed' | 'unknown';

/** Lets one probe through at a time: one asks, and once the circuit knows of the probe, its state says that there is one. */
export class ProbeGate {
  readonly #replica: CircuitReplica;
  readonly #onChange: () => void;
  #isAsking = false;

  constructor(replica: CircuitReplica, onChange: () => void) {
    this.#replica = replica;
    this.#onChange = onChange;
  }

  /** Whether the circuit waits for a probe. */
  get isWanted(): boolean {
    const circuit = this.#replica.state?.circuit;
    return typeof circuit === 'object' && circuit.halfOpen === 'waiting' && !this.#isAsking;
  }

  /** The number of the probe; `undefined` if it is one too many. */
  async ask(): Promise<number | undefined> {
    if (this.#isAsking) return undefined;
    this.#isAsking = true;
    this.#onChange();
    try {
      return (await this.#replica.send({ type: 'probeBegan' })) ? this.#replica.context?.probe : undefined;
    } finally {
      this.#isAsking = false;
      this.#onChange();
    }
  }

  async end(probe: number, outcome: ProbeEnd): Promise<void> {
    // A circuit that does not hear of it opens again by itself.
    await this.#replica
      .send({ type: 'probeEnded', probe, outcome, random: Math.random() })
      .catch(() => undefined);
  }
}
