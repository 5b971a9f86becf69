import { obfuscateApiKey } from './obfuscate-api-key.ts';
import { obfuscateUrl } from './obfuscate-url.ts';
import { defaultRules, mask, redactText } from './redact-text.ts';

/** The value of one header, or all values of one that was sent several times. */
export type HeaderValue = string | number | readonly string[] | undefined | null;

/** The forms in which headers come: `Headers`, a Map, a list of pairs, the flat `rawHeaders` of Node.js, or an object. */
export type HeadersLike =
  | Iterable<readonly [string, HeaderValue]>
  | readonly string[]
  | Readonly<Record<string, HeaderValue>>;

const schemes = /^(?:Basic|Bearer|Digest|Negotiate|NTLM|Token|ApiKey|AWS4-HMAC-SHA256)(?= )/i;

/**
 * The value of a header as it can be shown. Cookies are `***`; credentials keep their scheme, and a Bearer token or an
 * API key of at least 16 characters its last four; a location keeps scheme, host and path; in all others what
 * {@link redactText} finds is masked. Names are compared without regard to case. Accepts any string; a value that is no
 * string is `***`.
 *
 * @example
 * obfuscateHeader('Authorization', 'Bearer 8xLOxBtZp8aBcDeF'); // 'Bearer ***cDeF'
 */
export function obfuscateHeader(name: string, value: string): string {
  if (typeof name !== 'string' || typeof value !== 'string') return mask;
  if (/cookie/i.test(name)) return mask;
  if (/^(?:proxy-)?authorization$/i.test(name)) {
    const scheme = schemes.exec(value)?.[0];
    if (scheme === undefined) return mask;
    const shown = /^bearer$/i.test(scheme) ? obfuscateApiKey(value.slice(scheme.length + 1)) : mask;
    return `${scheme} ${shown}`;
  }
  if (defaultRules.isSensitive(name) || /(?:^|-)(?:auth|key|signature|assertion)$/i.test(name)) {
    return obfuscateApiKey(value);
  }
  return /^(?:content-location|location|origin|referer|:path)$/i.test(name)
    ? obfuscateUrl(value)
    : redactText(value);
}

/**
 * Headers as they can be shown, each value as {@link obfuscateHeader} gives it. A list of pairs and the flat list of
 * Node.js come back as such a list, all else as an object, in which a name that occurs several times has an array of
 * values. Numbers, `null` and `undefined` are kept unless the header is sensitive. The headers are not changed.
 *
 * @throws whatever reading the headers throws, if they are no plain object or list.
 *
 * @example
 * obfuscateHeaders(new Headers({ cookie: 'sid=1', accept: 'text/html' })); // { accept: 'text/html', cookie: '***' }
 */
export function obfuscateHeaders<const H extends HeadersLike>(headers: H): ObfuscatedHeaders<H>;
export function obfuscateHeaders(headers: HeadersLike): unknown {
  if (Array.isArray(headers)) {
    return headers.map((entry: unknown, index) => {
      if (Array.isArray(entry)) return [entry[0], shownValue(entry[0], entry[1])];
      return index % 2 === 0 ? entry : shownValue(headers[index - 1], entry);
    });
  }
  const shown: Record<string, unknown> = {};
  const entries =
    Symbol.iterator in headers ? (headers as Iterable<[string, unknown]>) : Object.entries(headers);
  for (const [name, value] of entries) {
    const one = shownValue(name, value);
    const all = Object.hasOwn(shown, name) ? [shown[name], one].flat() : one;
    Object.defineProperty(shown, name, { value: all, configurable: true, enumerable: true, writable: true });
  }
  return shown;
}

/** What {@link obfuscateHeaders} gives for headers of a form. */
export type ObfuscatedHeaders<H> = H extends readonly string[]
  ? string[]
  : H extends readonly unknown[]
    ? [string, HeaderValue][]
    : Record<string, HeaderValue>;

function shownValue(name: unknown, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => shownValue(name, each));
  if (value === undefined || value === null) return value;
  if (typeof value === 'number' && obfuscateHeader(String(name), '0') === '0') return value;
  return obfuscateHeader(name as string, value as string);
}
