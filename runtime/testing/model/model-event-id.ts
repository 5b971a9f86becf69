import { sha256 } from '../../protocol/sha256.ts';

/** When every model begins, in milliseconds since 1970: a moment that is easily recognised. */
const beginMs = Date.UTC(2020, 0, 1);

/**
 * The id of an event of a model: UUID version 7 as the ids of the runtime, and always the same for the same place, so
 * that a run can be repeated. Time and chance of its step are drawn from it. Another salt is another time and chance.
 */
export function modelEventId(nowMs: number, place: number, salt: number): string {
  const time = (beginMs + nowMs + salt * 86_400_000).toString(16).padStart(12, '0');
  const random = sha256(`${place} ${salt}`);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(6, 18)}`;
}
