import { decode, encode } from '../../protocol/codec.ts';
import { firstDifference } from '../../protocol/first-difference.ts';
import type { ModelActor } from '../model/model-actor.ts';
import type { Violation } from '../model/properties.ts';
import type { Observed } from './system-under-test.ts';

/** Says in what a system and the model differ. */
export function disagreement(name: string, why: string, cause?: unknown): Violation {
  return { kind: 'sut', name, why, ...(cause === undefined ? {} : { cause }) };
}

/**
 * In what a system that was observed differs from the model; `undefined` if in nothing. `journalFrom` is the place of the
 * first event that was observed.
 */
export function differenceFrom(
  observed: Observed,
  actor: ModelActor,
  journalFrom: number,
): Violation | undefined {
  const { snapshot, contextText } = actor;
  const expected = {
    version: actor.journal.length,
    status: snapshot.status,
    state: snapshot.value,
    output: snapshot.output,
    context: contextText instanceof Error ? undefined : decode(contextText),
  };
  // The first event that differs says more than what came of it.
  const inJournal = journalDifference(observed, actor, journalFrom);
  if (inJournal !== undefined) return inJournal;
  for (const name of Object.keys(expected) as (keyof typeof expected)[]) {
    if (!(name in observed)) continue;
    const why = differenceOf(observed[name], expected[name], name);
    if (why !== undefined) return disagreement(name, `In the system, ${why} in the model.`);
  }
  return undefined;
}

function journalDifference(
  { journal = [] }: Observed,
  actor: ModelActor,
  from: number,
): Violation | undefined {
  for (const [index, { type, data }] of journal.entries()) {
    const expected = actor.journal[from + index];
    const place = `Event ${from + index + 1} of the system's journal`;
    if (expected === undefined)
      return disagreement('journal', `${place} is "${type}", and the model has no further event.`);
    if (type !== expected.type)
      return disagreement('journal', `${place} is "${type}" instead of "${expected.type}" in the model.`);
    const why = differenceOf(data, decode(expected.payload), `the data of "${type}"`);
    if (why !== undefined) return disagreement('journal', `${place} differs: ${why} in the model.`);
  }
  return undefined;
}

function differenceOf(actual: unknown, expected: unknown, name: string): string | undefined {
  return firstDifference(plain(actual), plain(expected), name);
}

/** A value as it would be kept, as plain JSON and without where errors were made. */
function plain(value: unknown): unknown {
  const { kept } = JSON.parse(encode({ kept: value }), (key, each: unknown) =>
    key === '$error' ? { ...(each as object), stack: undefined } : each,
  ) as { kept?: unknown };
  return kept;
}
