import type { Clock } from '../../ports/clock.ts';

/**
 * The milliseconds that whoever refused a call asks to wait: `retryAfterMs` of the error, or the `Retry-After` header
 * (RFC 9110, 10.2.3) in `headers` or `response.headers`, which may be a `Headers` or an object. A date is measured against
 * the `Date` header beside it, if there is one: the clock of this computer may be wrong.
 */
export function retryAfterOf(error: unknown, clock: Clock): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { retryAfterMs, headers, response } = error as Record<string, unknown>;
  if (typeof retryAfterMs === 'number' && retryAfterMs >= 0) return retryAfterMs;
  const found = headers ?? (response as { headers?: unknown } | null | undefined)?.headers;
  const asked = headerOf(found, 'retry-after');
  if (asked === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(asked)) return Number(asked) * 1_000;
  const at = httpDate(asked);
  if (at === undefined) return undefined;
  return Math.max(0, at - (httpDate(headerOf(found, 'date')) ?? clock.now()));
}

function headerOf(headers: unknown, name: string): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined;
  const { get } = headers as { get?: unknown };
  const value: unknown =
    typeof get === 'function'
      ? get.call(headers, name)
      : Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : undefined;
}

/** `Date.parse` makes a date of nearly anything, also of "-5": only what ends as HTTP dates do is taken for one. */
function httpDate(text: string | undefined): number | undefined {
  const at = text?.endsWith('GMT') ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}
