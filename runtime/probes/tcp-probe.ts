import { connect } from 'node:net';
import { checkWhole } from '../protocol/names.ts';
import { checkOptions, invalidOption } from '../protocol/options.ts';
import type { ConnectivityProbe } from '../resilience/connectivity-probe.ts';

/** Whom {@link tcpProbe} calls. */
export interface TcpProbeOptions {
  readonly host: string;
  readonly port: number;
}

/**
 * Finds the network if a TCP connection to the service comes about; closes it at once and sends nothing. A connection that
 * is refused has reached the computer of the service, and is `degraded`.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID, HOLDFAST_ERR_ARGUMENT_INVALID.
 *
 * @example
 * createRuntime({ database, modules, connectivity: { probe: tcpProbe({ host: 'sync.example.com', port: 443 }) } });
 */
export function tcpProbe(options: TcpProbeOptions): ConnectivityProbe {
  checkOptions('tcpProbe', options, ['host', 'port']);
  const { host, port } = options;
  if (typeof host !== 'string' || host === '')
    throw invalidOption('tcpProbe: "host" must be a name or an address.');
  checkWhole('tcpProbe: "port"', port, 1);
  if (port > 65_535) throw invalidOption('tcpProbe: "port" must be at most 65535.');
  return {
    check: (signal) =>
      new Promise((resolve, reject) => {
        const socket = connect({ host, port });
        const end = (settle: () => void) => {
          signal.removeEventListener('abort', onAbort);
          socket.destroy();
          settle();
        };
        const onAbort = () => end(() => reject(signal.reason));
        signal.addEventListener('abort', onAbort);
        socket.once('connect', () => end(() => resolve('online')));
        socket.once('error', (error: NodeJS.ErrnoException) =>
          end(() =>
            error.code === 'ECONNREFUSED'
              ? resolve({ degraded: `${host}:${port} refuses connections` })
              : resolve('offline'),
          ),
        );
        if (signal.aborted) onAbort();
      }),
  };
}
