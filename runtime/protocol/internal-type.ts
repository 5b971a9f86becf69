/**
 * Whether an event in a journal belongs to Holdfast or to XState: a fired timer, the outcome of invoked work. It is
 * folded as it is, and no definition has a say in it.
 */
export function isInternalType(type: string): boolean {
  return type.startsWith('holdfast.') || type.startsWith('xstate.');
}
