import '../node-version.ts';

// The door of `holdfast/testing`: what implementers of a port check their work with. It needs no test runner.
export { type EventStoreContractOptions, eventStoreContract } from './event-store-contract.ts';
