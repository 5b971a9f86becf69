import '../node-version.ts';

// The door of `holdfast/probes`: ways to find out whether the network is there that use it. Not part of `holdfast/offline`.
export { type HttpProbeOptions, httpProbe } from './http-probe.ts';
export { type TcpProbeOptions, tcpProbe } from './tcp-probe.ts';
