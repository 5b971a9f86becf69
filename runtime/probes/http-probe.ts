import { checkFunction, checkOneOf, checkOptions, invalidOption } from '../protocol/options.ts';
import type { ConnectivityProbe, ProbeResult } from '../resilience/connectivity-probe.ts';

/** What {@link httpProbe} asks for. */
export interface HttpProbeOptions {
  /** Best an address of the service itself that is cheap to answer. */
  readonly url: string | URL;
  /** Default `HEAD`. */
  readonly method?: 'HEAD' | 'GET';
  readonly headers?: Readonly<Record<string, string>>;
  /** What an answer means. Default: 2xx and 304 `online`; a redirect, which a captive portal sends, and everything else `degraded`. */
  readonly judge?: (response: Response) => ProbeResult | Promise<ProbeResult>;
}

/**
 * Finds the network if the service answers. Redirects are not followed: a captive portal answers anything with one. Its
 * body is not read.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID.
 *
 * @example
 * createRuntime({ database, modules, connectivity: { probe: httpProbe({ url: 'https://sync.example.com/health' }) } });
 */
export function httpProbe(options: HttpProbeOptions): ConnectivityProbe {
  checkOptions('httpProbe', options, ['url', 'method', 'headers', 'judge']);
  const { method = 'HEAD', headers = {}, judge = judgeStatus } = options;
  if (!URL.canParse(String(options.url))) throw invalidOption('httpProbe: "url" must be an absolute URL.');
  const url = new URL(options.url);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw invalidOption('httpProbe: "url" must begin with http: or https:.');
  checkOneOf('httpProbe', 'method', method, ['HEAD', 'GET']);
  checkFunction('httpProbe', 'judge', judge);
  checkHeaders(headers);
  return {
    async check(signal) {
      let response: Response;
      try {
        response = await fetch(url, { method, headers, signal, redirect: 'manual', cache: 'no-store' });
      } catch {
        return 'offline';
      }
      try {
        return await judge(response);
      } finally {
        // A body that is not read would keep its connection.
        await response.body?.cancel().catch(() => undefined);
      }
    },
  };
}

/** What `fetch` would refuse at each check, which would find that there is no network. */
function checkHeaders(headers: HttpProbeOptions['headers']): void {
  try {
    void new Headers(headers);
  } catch (error) {
    throw invalidOption(`httpProbe: "headers" are none that can be sent: ${(error as Error).message}.`);
  }
}

function judgeStatus({ ok, status }: Response): ProbeResult {
  return ok || status === 304 ? 'online' : { degraded: `the service answers ${status}` };
}
