import type {
  CircuitContext,
  CircuitEvent,
  CircuitInput,
  CircuitStateValue,
} from '../../machines/circuit-breaker.machine.ts';
import { isHoldfastError } from '../errors/holdfast-error.ts';
import type { Replica } from './replica.ts';

/** The newest state of a circuit. */
export type CircuitReplica = Replica<CircuitStateValue, CircuitContext, CircuitEvent, CircuitInput>;

/** What a probe has found; `unknown` if it says nothing of the service. */
export type ProbeEnd = 'ok' | 'failed' | 'unknown';

/** How long nobody asks a circuit again that could not be asked, in milliseconds. */
const unheardMs = 1_000;

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

  /** The number of the probe; `undefined` if it is one too many, or if no thread hears of it for now. */
  async ask(): Promise<number | undefined> {
    if (this.#isAsking) return undefined;
    this.#isAsking = true;
    this.#onChange();
    const end = (): void => {
      this.#isAsking = false;
      this.#onChange();
    };
    let againMs = 0;
    try {
      return (await this.#replica.send({ type: 'probeBegan' })) ? this.#replica.context?.probe : undefined;
    } catch (error) {
      if (!isHoldfastError(error) || !error.retryable) throw error;
      againMs = unheardMs;
      return undefined;
    } finally {
      if (againMs === 0) end();
      else setTimeout(end, againMs).unref();
    }
  }

  async end(probe: number, outcome: ProbeEnd): Promise<void> {
    // A circuit that does not hear of it opens again by itself.
    await this.#replica
      .send({ type: 'probeEnded', probe, outcome, random: Math.random() })
      .catch(() => undefined);
  }
}
