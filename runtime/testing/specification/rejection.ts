import type { HoldfastErrorCode } from '../../errors/codes.ts';
import { isHoldfastError } from '../../errors/holdfast-error.ts';

/** That a command or an event is not taken: what {@link rejection} returns. */
export interface Rejection {
  readonly holdfast: 'rejection';
  readonly code: HoldfastErrorCode | undefined;
  readonly message: RegExp | string | undefined;
}

/**
 * Says in a specification that what was tried is refused: by which code, and with which message or part of it. Without
 * either, any refusal will do.
 *
 * @example
 * specify(account).given([]).when({ command: 'withdraw', input: { cents: 1 } }).then(rejection('HOLDFAST_ERR_COMMAND_FAILED', 'overdrawn'));
 */
export function rejection(code?: HoldfastErrorCode, message?: RegExp | string): Rejection {
  return { holdfast: 'rejection', code, message };
}

/** Whether a value is a rejection. */
export function isRejection(value: unknown): value is Rejection {
  return (
    typeof value === 'object' && value !== null && (value as Partial<Rejection>).holdfast === 'rejection'
  );
}

/** Whether an error is the one that is meant. */
export function isMeant({ code, message }: Rejection, error: Error): boolean {
  if (code !== undefined && !isHoldfastError(error, code)) return false;
  if (message === undefined) return true;
  return typeof message === 'string' ? error.message.includes(message) : message.test(error.message);
}
