import { encode, tooDeep } from '../../runtime/protocol/codec.ts';
import { limits } from '../../runtime/protocol/limits.ts';
import { isActorRef, type MachineSnapshot } from '../xstate-adapter.ts';
import { referencesIn } from './references-in.ts';

/**
 * Refuses a state whose context or output holds what could not be kept or shown. Looks only at what is not the same as
 * before: what an `assign` has left alone was looked at when it came. A context that is changed in place is not seen.
 *
 * @throws HOLDFAST_ERR_PAYLOAD_INVALID with the path.
 */
export function refuseUnkeepable(
  before: { readonly context: unknown; readonly output?: unknown },
  after: MachineSnapshot,
): void {
  if (after.context !== before.context) look(after.context, before.context, 'context', []);
  if (after.output !== undefined && after.output !== before.output)
    look(after.output, undefined, 'output', []);
}

function look(value: unknown, before: unknown, path: string, within: readonly object[]): void {
  if (value === before || typeof value === 'string' || typeof value === 'number') return;
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'function' || typeof value === 'symbol') encode(value, path);
    return;
  }
  // An actor is kept as its id, and only in a context.
  const isOutput = path.startsWith('output');
  if (!isOutput && isActorRef(value)) return;
  const isList = Array.isArray(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if ((!isList && prototype !== Object.prototype && prototype !== null) || within.includes(value)) {
    encode(isOutput ? value : referencesIn(value), path);
    return;
  }
  // A context is kept within a snapshot.
  if (within.length + 1 >= limits.payloadDepthMax) throw tooDeep(path);
  const ancestors = [...within, value];
  const old = (typeof before === 'object' && before !== null ? before : {}) as Record<string, unknown>;
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key];
    if (item !== old[key]) look(item, old[key], isList ? `${path}[${key}]` : `${path}.${key}`, ancestors);
  }
}
