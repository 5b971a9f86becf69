import crypto from 'node:crypto';

/** SHA-256 of a text in UTF-8, as hex. */
export function sha256(text: string): string {
  return crypto.hash('sha256', text);
}
