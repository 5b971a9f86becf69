import { acceptedTypes } from '../../../actors/xstate-adapter.ts';
import type { Model } from './model.ts';
import type { ModelActor } from './model-actor.ts';
import type { ModelStep } from './model-step.ts';
import { hasJsonSchema } from './payload-source.ts';

/** Where the payloads of an event come from; `undefined` if it is tried without one. */
export function sourceOfEvent({ options, definition }: Model, type: string): unknown {
  const given = (options.events as Record<string, unknown> | undefined)?.[type];
  const schema: unknown = definition.events[type];
  return given ?? (hasJsonSchema(schema) ? schema : undefined);
}

/** Which types of events a state names. */
export function acceptedOf(model: Model, actor: ModelActor): string[] {
  const accepted = acceptedTypes(actor.snapshot);
  const isAccepted = (type: string) => accepted.some((each) => each === type || isOf(each, type));
  return model.eventTypes.filter((type) => isAccepted(type) && actor.mayCome({ type }));
}

function isPattern(each: string): boolean {
  return each === '*' || each.endsWith('.*');
}

function isOf(pattern: string, type: string): boolean {
  return pattern === '*' || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1)));
}

/** Of events that a state names, those that none of these steps is, and of whose values there may be others. */
export function refusedOf(
  model: Model,
  actor: ModelActor,
  steps: readonly { readonly step: ModelStep }[],
): string[] {
  return acceptedOf(model, actor).filter((type) => {
    const source = sourceOfEvent(model, type);
    const hasOthers = source !== undefined && !Array.isArray(source);
    return hasOthers && !steps.some(({ step }) => step.type === type);
  });
}

/** Says of which events other values than were tried might have been let through; empty if of none. */
export function othersMayBeLetThrough(types: readonly string[]): string {
  if (types.length === 0) return '';
  return (
    ` Guards refused every value of ${types.join(', ')} that was tried, and there are others: where they let one in ` +
    'thousands through, give that one among the values.'
  );
}

/** Says which patterns a state names that no event of the model is of; empty if there are none. */
export function patternsUntried({ eventTypes }: Model, { snapshot }: ModelActor): string {
  const patterns = acceptedTypes(snapshot).filter(
    (each) => isPattern(each) && !eventTypes.some((type) => isOf(each, type)),
  );
  if (patterns.length === 0) return '';
  return ` Events that only ${patterns.map((each) => `"${each}"`).join(' and ')} names are tried if they are in events: { 'a.type': ... }.`;
}

/** Says of which events that a state names nobody has told what is in them; empty if there are none. */
export function payloadsMissing(model: Model, actor: ModelActor): string {
  const types = acceptedOf(model, actor).filter((type) => sourceOfEvent(model, type) === undefined);
  const [first] = types;
  if (first === undefined) return '';
  const name = /^[A-Za-z_$][\w$]*$/.test(first) ? first : `'${first}'`;
  const last = types.pop();
  const tried =
    types.length === 0
      ? `${last} has no source of values and was tried`
      : `${types.join(', ')} and ${last} have no source of values and were tried`;
  return ` ${tried} without a payload: give values with events: { ${name}: ... } where a guard looks at them.`;
}
