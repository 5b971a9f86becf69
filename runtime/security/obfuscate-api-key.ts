import { mask } from './redact-text.ts';

/**
 * An API key as it can be shown to tell which one it is: `***` and its last four characters, or `***` alone if it has
 * fewer than 16 characters or anything but printable ASCII. Accepts any string; what is no string is `***`.
 *
 * @example
 * obfuscateApiKey('ghp_16C7e42F292c6912E7'); // '***12E7'
 */
export function obfuscateApiKey(key: string): string {
  // One that has an asterisk could continue the mask and show more of itself.
  return typeof key === 'string' && /^[!-)+-~]{16,}$/.test(key) ? mask + key.slice(-4) : mask;
}
