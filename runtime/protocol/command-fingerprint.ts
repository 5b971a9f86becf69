import { sha256 } from './sha256.ts';

/** What an idempotency key is used for, so that its use for another command is noticed. */
export function commandFingerprint(
  operation: 'send' | 'execute' | 'start',
  name: string,
  payload: string,
): string {
  return sha256(`${operation}\n${name}\n${payload}`);
}
