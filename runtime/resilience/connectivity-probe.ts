import { networkInterfaces } from 'node:os';

/** What a probe may find. */
export type ProbeResult = 'online' | 'offline' | { readonly degraded: string };

/** Finds out whether the network is there. Injected wherever it matters, so that a test, or an application, decides. */
export interface ConnectivityProbe {
  /** Looks once. The signal is aborted when the answer is not waited for any longer. To throw is to find `offline`. */
  check(signal: AbortSignal): Promise<ProbeResult> | ProbeResult;
}

/** Always finds the network. */
export const alwaysOnline: ConnectivityProbe = { check: () => 'online' };

/** Never finds it: for air-gapped builds. */
export const alwaysOffline: ConnectivityProbe = { check: () => 'offline' };

/**
 * Looks whether the computer has an address other than its own loopback and link-local ones. Sends nothing. `offline` can be
 * believed; `online` says only that there is a network, which a captive portal or a virtual adapter has as well: where it
 * matters, use a probe of `holdfast/probes` that asks the service itself.
 */
export function interfaceProbe(): ConnectivityProbe {
  return {
    check() {
      const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
      return addresses.some(({ internal, address }) => !internal && !isLinkLocal(address))
        ? 'online'
        : 'offline';
    },
  };
}

/** 169.254.0.0/16 (RFC 3927) and fe80::/10 (RFC 4291): what a computer gives itself when nobody else does. */
function isLinkLocal(address: string): boolean {
  return address.startsWith('169.254.') || /^fe[89ab]/i.test(address);
}
