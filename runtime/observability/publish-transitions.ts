import type { TransitionListener } from '../../actors/steps/transition-listener.ts';
import { actorTransition } from './channels.ts';

/** Publishes each event of a commit, and nothing is made for it as long as nobody subscribes. */
export const publishTransitions: TransitionListener = (address, events, { snapshot, version }, position) => {
  if (!actorTransition.hasSubscribers) return;
  const { value: state, status } = snapshot;
  for (const [index, { type }] of events.entries()) {
    const later = events.length - 1 - index;
    actorTransition.publish({
      address,
      type,
      version: version - later,
      position: Math.max(0, position - later),
      state,
      status,
    });
  }
};
