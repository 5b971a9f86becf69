import { mask } from './redact-text.ts';
import { replaceSpans } from './span.ts';
import { urlSecrets } from './url-secrets.ts';

/**
 * A URL without its credentials, the values of its query and its fragment, for each of which `***` is shown. Scheme, host,
 * path and the names in the query are kept. Accepts any string, also relative and invalid URLs; what is no string is
 * `***`. Does not change what it made.
 *
 * @example
 * obfuscateUrl('postgres://bob:hunter2@db:5432/app?sslmode=require'); // 'postgres://***@db:5432/app?sslmode=***'
 */
export function obfuscateUrl(url: string): string {
  if (typeof url !== 'string') return mask;
  const authority = /^[^/?#@]{0,64}:\/\/|^\/\//.exec(url)?.[0].length ?? 0;
  return replaceSpans(url, [...urlSecrets(url, authority, url.length)], mask);
}
