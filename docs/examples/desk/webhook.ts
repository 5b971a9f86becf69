import { unescape as decoded } from 'node:querystring';
import type { ConnectivityProbe } from 'holdfast';
import { tcpProbe } from 'holdfast/probes';
import type { News } from './news.ts';

/** The status tells the queue whether to try again: `isTransient` of `holdfast/resilience` looks at it. */
class Refused extends Error {
  readonly status: number;
  /** Where the queue finds `Retry-After`. */
  readonly headers: Headers;

  constructor({ status, statusText, headers }: Response) {
    super(`${status} ${statusText}`.trim());
    this.status = status;
    this.headers = headers;
  }
}

/** Tells a server of news. It has heard when this resolves. */
export async function post(url: URL, news: News, idempotencyKey: string, signal: AbortSignal): Promise<void> {
  const headers = new Headers({ 'content-type': 'application/json', 'idempotency-key': idempotencyKey });
  const target = new URL(url);
  // `fetch` takes no URL with credentials.
  if (url.username !== '' || url.password !== '') {
    const credentials = `${decoded(url.username)}:${decoded(url.password)}`;
    headers.set('authorization', `Basic ${Buffer.from(credentials).toString('base64')}`);
    target.username = '';
    target.password = '';
  }
  // A redirect is no delivery: the sign-in page of a hotel's network answers everything with one.
  const response = await fetch(target, {
    method: 'POST',
    headers,
    body: JSON.stringify(news),
    signal,
    redirect: 'manual',
  });
  await response.body?.cancel();
  if (!response.ok) throw new Refused(response);
}

/** Whether the server is there, which is all that a desk needs of a network. Sends nothing. */
export function serverProbe({ protocol, hostname, port }: URL): ConnectivityProbe {
  return tcpProbe({
    // An IPv6 address is in brackets only in a URL.
    host: hostname.replaceAll(/[[\]]/g, ''),
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
  });
}
