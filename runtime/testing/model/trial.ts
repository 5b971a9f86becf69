import { messageOf } from '../../../actors/message-of.ts';
import type { MachineSnapshot } from '../../../actors/xstate-adapter.ts';
import type { Checks } from './checks.ts';
import type { Model } from './model.ts';
import { ModelActor } from './model-actor.ts';
import { type Moment, momentOf } from './moment.ts';
import type { Proposal } from './moves.ts';
import type { Drawn } from './payload-source.ts';
import type { Violation } from './properties.ts';

/** The input that a machine is given, if any. */
export interface GivenInput {
  readonly input: unknown;
  readonly drawn: Drawn;
}

/** What happens to one actor from its beginning. */
export interface Scenario {
  readonly given: GivenInput | undefined;
  readonly proposals: readonly Proposal[];
}

/** What came of a scenario. Steps that were impossible are not part of it. */
export interface Trial {
  readonly actor: ModelActor | undefined;
  readonly begin: MachineSnapshot | undefined;
  readonly moments: readonly Moment[];
  /** The proposals that took place. */
  readonly proposals: readonly Proposal[];
  readonly violation: Violation | undefined;
}

/** Begins an actor, or says why it could not. */
export function beginActor(
  model: Model,
  checks: Checks,
  given: GivenInput | undefined,
): { readonly actor?: ModelActor; readonly violation?: Violation } {
  try {
    const actor = ModelActor.begin(model, given);
    const violation = checks.begun(actor);
    return violation === undefined ? { actor } : { actor, violation };
  } catch (cause) {
    const why = `The machine could not begin: ${messageOf(cause)}`;
    return { violation: { kind: 'oracle', name: 'no-throw', why, cause } };
  }
}

/** A property of where a scenario ends, beside those of each step. */
export type EndCheck = (actor: ModelActor) => Violation | undefined;

/** Has a scenario happen again, up to the first violation. */
export function tryScenario(
  model: Model,
  checks: Checks,
  { given, proposals }: Scenario,
  atEnd: EndCheck = () => undefined,
): Trial {
  const { actor, violation: atBegin } = beginActor(model, checks, given);
  const begin = actor?.snapshot;
  const moments: Moment[] = [];
  const took: Proposal[] = [];
  if (actor === undefined || atBegin !== undefined)
    return { actor, begin, moments, proposals: took, violation: atBegin };
  let cut: ModelActor | undefined;
  for (const [index, proposal] of proposals.entries()) {
    if (index === proposals.length >> 1) cut = actor.mark();
    const before = actor.snapshot;
    const { taken, violation } = checks.step(actor, proposal.step);
    if (taken.outcome !== 'impossible' || violation !== undefined) {
      took.push(proposal);
      moments.push(momentOf(before, proposal.step, taken.outcome, actor));
    }
    if (violation !== undefined) return { actor, begin, moments, proposals: took, violation };
  }
  const violation = checks.replay(actor, cut) ?? checks.trace(moments) ?? atEnd(actor);
  return { actor, begin, moments, proposals: took, violation };
}
