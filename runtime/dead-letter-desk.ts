import type { AnyStateMachine } from '../actors/xstate-adapter.ts';
import type { Receipt } from './actor-ref.ts';
import { type HoldfastError, holdfastError } from './errors/holdfast-error.ts';
import type { Router } from './hosts/router.ts';
import { commandFingerprint } from './protocol/command-fingerprint.ts';
import type { DeadLetter } from './protocol/dead-letter.ts';
import type { HostReceipt, HostRequest } from './protocol/host-messages.ts';
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

  list(): Promise<DeadLetter[]> {
    return this.#control.call('deadLetters', []);
  }

  async requeue(id: number): Promise<Receipt<AnyStateMachine>> {
    checkWhole('The id of a dead letter', id);
    const letter = await this.#control.call('keyDeadLetter', [id]);
    if (letter === undefined) throw unknownLetter(id);
    if (letter.type === 'holdfast.work') throw notSent(id, letter.address);
    const receipt = await this.#router.request(requestOf(letter), {}, (answer) =>
      toReceipt(letter.address, answer),
    );
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

/** Sent under a key that stays with the letter, so that it is one command however often it is sent. */
function requestOf(letter: DeadLetter): HostRequest {
  const { address, operation, type: name, data: payload, metadata, expectedVersion, idempotencyKey } = letter;
  const fingerprint = commandFingerprint(operation, name, payload);
  return {
    id: 0,
    operation,
    address,
    name,
    payload,
    metadata,
    expectedVersion,
    idempotencyKey,
    fingerprint,
    delivery: null,
  };
}

function toReceipt(
  stream: string,
  { outcome, version, position, state }: HostReceipt,
): Receipt<AnyStateMachine> {
  const receipt = { stream, version, position, state: state as Receipt<AnyStateMachine>['state'] };
  return outcome === 'already-appended' ? { ...receipt, repeated: true } : receipt;
}

function unknownLetter(deadLetterId: number): HoldfastError {
  return holdfastError(
    'HOLDFAST_ERR_DEAD_LETTER_UNKNOWN',
    `There is no dead letter ${deadLetterId}: it was discarded, answered, or never there. List them with deadLetters().`,
    { deadLetterId },
  );
}

/** Work that was taken for the cause of deaths is no command that could be sent. */
function notSent(deadLetterId: number, address: string): HoldfastError {
  return holdfastError(
    'HOLDFAST_ERR_ARGUMENT_INVALID',
    `Dead letter ${deadLetterId} is of what ${address} had invoked, which nobody has sent and nobody can send again: mend ` +
      'the work, start the runtime anew and discard the letter.',
  );
}
