import type { AnyStateMachine } from '../actors/xstate-adapter.ts';
import { type Receipt, toReceipt } from './actor-ref.ts';
import { type HoldfastError, holdfastError } from './errors/holdfast-error.ts';
import type { Router } from './hosts/router.ts';
import { commandFingerprint } from './protocol/command-fingerprint.ts';
import type { DeadLetter, KeyedDeadLetter } from './protocol/dead-letter.ts';
import { blankRequest, type HostRequest } from './protocol/host-messages.ts';
import { checkWhole } from './protocol/names.ts';
import type { SqliteEventStoreBackend } from './store/sqlite-backend.ts';

/** What can be done about dead letters. */
export class DeadLetterDesk {
  readonly #backend: SqliteEventStoreBackend;
  readonly #router: Router;

  constructor(backend: SqliteEventStoreBackend, router: Router) {
    this.#backend = backend;
    this.#router = router;
  }

  async list(): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    for (;;) {
      const page = await this.#backend.deadLetters(letters.at(-1)?.deadLetterId ?? 0);
      if (page.length === 0) return letters;
      letters.push(...page);
    }
  }

  async requeue(id: number): Promise<Receipt<AnyStateMachine>> {
    checkWhole('The id of a dead letter', id);
    const letter = await this.#control.call('keyDeadLetter', [id]);
    if (letter === undefined) throw unknownLetter(id);
    if (letter.type === 'holdfast.work')
      throw notSent(id, `what ${letter.address} had invoked: mend that, start anew and discard it.`);
    const receipt = await this.#router.request(requestOf(letter), {}, (answer) =>
      toReceipt(letter.address, answer),
    );
    // Whatever is repeated has its answer, unless it is a timer whose letter its append did not find, or found stale.
    if (receipt.state === undefined)
      throw notSent(id, `a timer that ${letter.address} set anew: discard it.`);
    await this.#control.call('removeDeadLetter', [id]);
    return receipt;
  }

  async discard(id: number): Promise<void> {
    checkWhole('The id of a dead letter', id);
    if (!(await this.#control.call('removeDeadLetter', [id]))) throw unknownLetter(id);
  }

  get #control() {
    return this.#backend.store().thread.control;
  }
}

/**
 * Sent under a key that stays with the letter, so that it is one command however often it is sent. What a timer brings goes
 * where that would have brought it, and takes the letter with it.
 */
function requestOf(letter: KeyedDeadLetter): HostRequest {
  const { address, operation, type: name, data: payload, metadata, expectedVersion, idempotencyKey } = letter;
  const { delivery } = letter;
  const fingerprint = commandFingerprint(operation, name, payload);
  const request = blankRequest(delivery === null ? operation : 'deliver', address);
  return { ...request, name, payload, metadata, expectedVersion, idempotencyKey, fingerprint, delivery };
}

function unknownLetter(deadLetterId: number): HoldfastError {
  return holdfastError(
    'HOLDFAST_ERR_DEAD_LETTER_UNKNOWN',
    `No dead letter ${deadLetterId}: it was discarded, answered, or never there.`,
    { deadLetterId },
  );
}

/** Work that was taken for the cause of deaths is no command that could be sent, and a timer may have been replaced. */
function notSent(deadLetterId: number, what: string): HoldfastError {
  return holdfastError('HOLDFAST_ERR_ARGUMENT_INVALID', `Dead letter ${deadLetterId} is of ${what}`);
}
