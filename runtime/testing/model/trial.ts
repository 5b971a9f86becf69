import type { MachineSnapshot } from '../../../actors/xstate-adapter.ts';
import { messageOf } from '../../errors/message-of.ts';
import type { Checks } from './checks.ts';
import type { Drawn } from './drawn.ts';
import type { Model } from './model.ts';
import { ModelActor } from './model-actor.ts';
import { withDrawnPart } from './model-step.ts';
import { type Moment, momentOf } from './moment.ts';
import type { Proposal } from './moves.ts';
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
  /** Whether values could also have been taken from the states anew. */
  readonly isAmbiguous: boolean;
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

/** A property of where a scenario ends, beside those of each step. `quick`: as far as a few values tell. */
export type EndCheck = (actor: ModelActor, effort?: 'quick') => Violation | undefined;

/**
 * Has a scenario happen again, up to the first violation. Values that were drawn for other states are made fit for these;
 * `isTaken`: also those that could stay as they are.
 */
export function tryScenario(
  model: Model,
  checks: Checks,
  { given, proposals }: Scenario,
  atEnd: EndCheck = () => undefined,
  isTaken = false,
): Trial {
  const { actor, violation: atBegin } = beginActor(model, checks, given);
  const begin = actor?.snapshot;
  const moments: Moment[] = [];
  const took: Proposal[] = [];
  if (actor === undefined || atBegin !== undefined)
    return { actor, begin, moments, proposals: took, violation: atBegin, isAmbiguous: false };
  let isAmbiguous = false;
  let cut: ModelActor | undefined;
  for (const [index, given] of proposals.entries()) {
    const fitted = fittedTo(actor, given, isTaken);
    if (fitted === undefined) continue;
    const { proposal } = fitted;
    isAmbiguous ||= fitted.isAmbiguous;
    if (index === proposals.length >> 1) cut = actor.mark();
    const before = actor.snapshot;
    const { taken, violation } = checks.step(actor, proposal.step);
    if (taken.outcome !== 'impossible' || violation !== undefined) {
      took.push(proposal);
      moments.push(momentOf(before, proposal.step, taken.outcome, actor));
    }
    if (violation !== undefined) return { actor, begin, moments, proposals: took, violation, isAmbiguous };
  }
  const violation = checks.replay(actor, cut) ?? checks.trace(moments) ?? atEnd(actor);
  return { actor, begin, moments, proposals: took, violation, isAmbiguous };
}

/** The same step for the state that an actor is in; `undefined` if it could not come there. */
function fittedTo(
  actor: ModelActor,
  proposal: Proposal,
  isTaken: boolean,
): { readonly proposal: Proposal; readonly isAmbiguous: boolean } | undefined {
  const { step, drawn } = proposal;
  if (drawn?.fitted === undefined) return { proposal, isAmbiguous: false };
  const fitted = drawn.fitted(actor.snapshot, actor.past, isTaken);
  if (fitted === undefined) return undefined;
  const isSame = fitted.drawn === drawn;
  const other = { step: withDrawnPart(step, fitted.drawn.value), drawn: fitted.drawn };
  return { proposal: isSame ? proposal : other, isAmbiguous: fitted.isAmbiguous };
}
