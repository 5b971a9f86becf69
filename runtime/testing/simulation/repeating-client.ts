import { holdfastError, isHoldfastError } from '../../errors/holdfast-error.ts';
import { messageOf } from '../../errors/message-of.ts';
import type { Runtime } from '../../runtime.ts';
import type { Ledger } from './ledger.ts';
import type { SimulationRandom } from './random.ts';
import type { SimulatedComputer } from './simulated-computer.ts';
import { pause } from './simulated-computer.ts';
import type { Trace } from './trace.ts';
import { Violation } from './violation.ts';

/** What a command is answered with. */
interface Answer {
  readonly stream: string;
  readonly version: number;
}

/** One command, however often it is sent. */
export interface RepeatedCommand<Result extends Answer> {
  readonly key: string;
  readonly address: string;
  readonly name: string;
  /** Whether it always leads to an event, if it is not refused. */
  readonly mustHaveEvents: boolean;
  send(runtime: Runtime): Promise<Result>;
}

const attemptsMax = 1_000;

/** Sends commands again under their keys until it is known what became of them, whatever crashes meanwhile. */
export class RepeatingClient {
  readonly #computer: SimulatedComputer;
  readonly #ledger: Ledger;
  readonly #trace: Trace;
  readonly #random: SimulationRandom;
  /** Commands of which nobody knows yet what became of them. */
  underway = 0;

  constructor(computer: SimulatedComputer, ledger: Ledger, trace: Trace, random: SimulationRandom) {
    this.#computer = computer;
    this.#ledger = ledger;
    this.#trace = trace;
    this.#random = random;
  }

  /** Resolves with the answer, or rejects with an error that says that nothing was written. */
  send<Result extends Answer>(command: RepeatedCommand<Result>): Promise<Result> {
    const answered = this.#send(command);
    // A workload that does not wait for its commands need not handle that they are refused.
    answered.catch(() => undefined);
    return answered;
  }

  async #send<Result extends Answer>(command: RepeatedCommand<Result>): Promise<Result> {
    const { key, address, name, mustHaveEvents } = command;
    this.underway++;
    let last: unknown;
    try {
      this.#trace.note('send', { key, actor: address, name });
      for (let attempt = 1; attempt <= attemptsMax; attempt++) {
        const runtime = await this.#computer.whenUp();
        try {
          const answer = await command.send(runtime);
          this.#ledger.acknowledge(key, answer, mustHaveEvents);
          this.#trace.note('answer', { key, version: answer.version, attempt });
          return answer;
        } catch (error) {
          if (error instanceof Violation) throw error;
          last = error;
          const code = isHoldfastError(error) ? error.code : messageOf(error);
          if (!isUnclear(error)) {
            this.#trace.note('refusal', { key, code, attempt });
            this.#ledger.refuse(key);
            throw error;
          }
          this.#trace.note('no-answer', { key, code, attempt });
          await pause(this.#random.integer(1, Math.min(5_000, 20 * attempt)));
        }
      }
      throw holdfastError(
        'HOLDFAST_ERR_TIMEOUT',
        `${address} did not answer "${name}" in ${attemptsMax} attempts. The last: ${messageOf(last)}`,
        undefined,
        last,
      );
    } finally {
      this.underway--;
    }
  }
}

/** What says nothing about a command although its call is not to be repeated as it is: the process may have crashed. */
const unclearCodes: readonly string[] = ['HOLDFAST_ERR_CLOSED', 'HOLDFAST_ERR_POISON_MESSAGE'];

/** Whether a command may have been carried out, or may be if it is sent again. */
function isUnclear(error: unknown): boolean {
  return isHoldfastError(error) && (error.retryable || unclearCodes.includes(error.code));
}
