import type { HostedDefinition } from '../definitions/hosted-definition.ts';

/**
 * Why a stored event changes nothing. A timer that has fired and what work or a child has told are named after their place
 * in the machine, so one of a state that was renamed since is passed over like any event that nobody knows.
 */
export function reasonPassedOver(hosted: HostedDefinition, type: string): 'not-accepted' | 'unknown-type' {
  return type.startsWith('holdfast.') || hosted.knows(type) ? 'not-accepted' : 'unknown-type';
}
