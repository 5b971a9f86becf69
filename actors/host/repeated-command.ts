import type { AppendReceipt } from '../../runtime/protocol/append.ts';
import { decode, encode } from '../../runtime/protocol/codec.ts';
import { idempotencyConflict } from '../../runtime/protocol/duplicate.ts';
import type { HostReceipt, HostRequest } from '../../runtime/protocol/host-messages.ts';
import type { LoadedStream } from '../../runtime/protocol/load.ts';

/** What is kept with an idempotency key, so that a repeated command gets the answer of the first. */
export function replyToKeep(state: unknown, status: string): string {
  return encode({ state, status });
}

/** The answer to a command that was carried out before under the same key, or the error that it cannot be read any more. */
export function repeatedReceipt(receipt: AppendReceipt): HostReceipt | Error {
  const { version, position, head, reply } = receipt;
  try {
    const kept = reply === null ? {} : (decode(reply) as { state?: unknown; status?: string });
    return {
      outcome: 'already-appended',
      version,
      position,
      head,
      state: kept.state,
      context: null,
      status: kept.status ?? 'active',
    };
  } catch (error) {
    return error as Error;
  }
}

/** The answer to a command whose key is known: that of the first, or an error if it was another command. */
export function repeatedCommand(
  request: HostRequest,
  kept: NonNullable<LoadedStream['reply']>,
): HostReceipt | Error {
  if (kept.fingerprint === request.fingerprint)
    return repeatedReceipt({ ...kept, outcome: 'already-appended' });
  return idempotencyConflict(request.address, request.idempotencyKey ?? '');
}
