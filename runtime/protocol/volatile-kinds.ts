/** The kinds of Holdfast's own actors whose state is of this moment only: see `actors/host/volatile-host.ts`. */
export const volatileKinds = {
  connectivity: 'holdfast.connectivity',
  circuitBreaker: 'holdfast.circuit-breaker',
  storeAndForward: 'holdfast.store-and-forward',
} as const;

/** Whether a kind, or an address, is Holdfast's own. */
export function isReservedKind(kindOrAddress: string): boolean {
  return kindOrAddress.startsWith('holdfast.');
}
